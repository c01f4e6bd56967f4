"""What of a page is body: the main content where it is told with enough certainty, else all but furniture by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice

from parsers._html_blocks import Block, Walk
from parsers._html_main import Main, main_content
from parsers._html_meta import Meta
from parsers._html_rules import Strictness, hidden_by
from parsers._html_tails import tails, teasers
from parsers._html_tree import Node
from parsers._html_vote import NAME, second_opinion, version

_TAKEN_FOR_BODY = 0.25
"""Rules that leave less than this share of the visible text in the body mistake content for furniture."""
_SHORT = 250
"""Characters of main content below which a page is too small to tell."""
_SHARE_OF_ARTICLE = 0.1
_SHARE_OF_PAGE = 0.35
"""Share of a page's text that its main content has, comments and teasers aside. Lists, forums and shops have many parts
of equal weight, of which scoring would keep one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """All blocks of a page, each with its place."""

    blocks: list[Block]
    note: str | None = None
    """Where the first rule had to give way to a weaker one."""
    library: str | None = None
    """Name and version of who else was asked."""


def choose(root: Node, meta: Meta, *, mode: str, alt_text: bool, limit: int) -> Choice:
    walk = partial(_walk, root, base=meta.base, alt_text=alt_text, limit=limit)
    if mode == "all":
        return Choice(walk(Strictness.NOTHING))
    main = main_content(root, hidden=_is_hidden, title=meta.title or "", article=meta.article)
    note = _doubt(main, article=meta.article)
    if main is not None and note is None and main.length >= _SHORT:
        return _refined(main, walk(Strictness.NOTHING, main=main), article=meta.article)
    for strictness in sorted(Strictness, reverse=True):
        blocks = walk(strictness)
        visible = sum(len(block.inline.text) for block in blocks if not block.context.place.hidden)
        if _body(blocks) >= (_TAKEN_FOR_BODY * visible if strictness is Strictness.NAMES else 1) or not visible:
            loose = f"furniture: rules loosened to {strictness.name.lower()}"
            return Choice(blocks, note=(note if visible else None) if strictness is Strictness.NAMES else loose)
    return Choice(blocks)


def _refined(main: Main, blocks: list[Block], *, article: bool) -> Choice:
    """Without what trafilatura leaves out and what headings and links tell, unless little would be left."""
    voted = second_opinion(main, blocks, hidden=_is_hidden)
    library = None if voted is None else f"{NAME}/{version()}"
    blocks = voted or blocks
    outside = {*tails(blocks, article=article), *(teasers(blocks) if article else ())}
    marked = [block.marked("tail") if number in outside else block for number, block in enumerate(blocks)]
    return Choice(marked if _body(marked) >= _SHORT else blocks, library=library)


def _body(blocks: list[Block]) -> int:
    """Characters in the body."""
    return sum(len(block.inline.text) for block in blocks if block.context.place.in_body)


def _doubt(main: Main | None, *, article: bool) -> str | None:
    """Why the main content is not believed."""
    if main is None:
        return "main content: the page has too many nodes or levels to weigh, so furniture is told by tags and names"
    if main.length < _SHORT or main.length >= (_SHARE_OF_ARTICLE if article else _SHARE_OF_PAGE) * main.shown:
        return None
    return f"main content: {main.length} of {main.shown} characters are too few, so furniture is told by tags and names"


def _is_hidden(node: Node) -> bool:
    return hidden_by(node) is not None


def _walk(
    root: Node, strictness: Strictness, *, base: str, alt_text: bool, limit: int, main: Main | None = None
) -> list[Block]:
    return list(islice(Walk(strictness, base, main, alt_text).blocks(root), limit))
