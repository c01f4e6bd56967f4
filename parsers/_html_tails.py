"""Sections at the end of the main content that are none: teasers, comments, subscriptions, told by their headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from parsers._html_blocks import Block

_TEASER_WORDS = (
    *(
        "also (?:on|read|see)",
        "around the web",
        "continue reading",
        "customers (?:also|who)",
        "editor['’]?s['’]? (?:choice|picks)",
    ),
    *("explore more", "featured (?:articles|posts)", "from (?:around )?the web", "in case you missed", "keep reading"),
    *(
        "latest (?:articles|headlines|news|posts|stories|videos)",
        "more (?:articles|from|like|news|on|posts|stories|to explore)",
    ),
    *(
        "more",
        "more top stories",
        "most (?:popular|read|shared|viewed)",
        "people also",
        "popular (?:articles|now|posts|stories)",
    ),
    *(
        "promoted",
        "read (?:also|more|next)",
        "recent (?:articles|comments|news|posts|stories)",
        "recommended",
        "related",
    ),
    *("similar", "sponsored", "suggested", "top stories", "trending", "up next", "what to read next"),
    *("you (?:could|may|might) (?:also|like)", "you['’]ll also"),
    *(
        "auch interessant",
        "das könnte sie",
        "lesen sie (?:auch|mehr)",
        "mehr (?:aus|zum|zu)",
        "meistgelesen",
        "ähnliche",
    ),
    *(
        "weitere (?:artikel|meldungen|themen)",
        "à lire (?:aussi|également)",
        "articles? (?:liés|similaires)",
        "lire aussi",
    ),
    *(
        "les plus lus",
        "sur le même (?:sujet|thème)",
        "voir aussi",
        "artículos relacionados",
        "le puede interesar",
        "lee también",
    ),
    *(
        "más (?:leídas|noticias|sobre)",
        "noticias relacionadas",
        "también te",
        "te puede interesar",
        "leia (?:mais|também)",
    ),
    *(
        "mais lidas",
        "notícias relacionadas",
        "veja também",
        "articoli correlati",
        "leggi anche",
        "potrebbe interessarti",
    ),
    *(
        "lees ook",
        "meer over",
        "läs (?:mer|också)",
        "les også",
        "læs også",
        "lue myös",
        "czytaj też",
        "zobacz (?:też|także)",
    ),
    *(
        "podobne",
        "přečtěte si",
        "související",
        "ilgili haberler",
        "похожие",
        "читайте (?:также|еще|ещё)",
        "по теме",
        "по темі",
    ),
)
_TEASERS = re.compile(
    rf"(?:(?:{'|'.join(_TEASER_WORDS)})\b|関連|おすすめ|人気記事|相关|相關|推荐|推薦|관련|추천)", re.IGNORECASE
)
_SERVICE_WORDS = (
    *(
        "about the (?:authors?|writer)",
        "(?:add|leave|post|write) a (?:comment|reply|review)",
        "customer reviews",
        "follow us",
    ),
    *(
        "get (?:our|the latest)",
        "join (?:our|the) (?:conversation|discussion|newsletter)",
        "newsletter",
        "share (?:on|this|via|with)",
    ),
    *("sign up", "stay (?:connected|in touch|up to date)", "subscribe", "tags", "tell us what", "what do you think"),
    *("über (?:den autor|die autorin)", "à propos de l['’]auteur", "sobre (?:a|el|la|o) autora?"),
)
_COMMENTS = r"(?:\d+ )?(?:comments?|replies|responses|kommentare?|commentaires?|comentarios)(?: \(\d+\))?\W*$"
_SERVICES = re.compile(rf"(?:(?:{'|'.join(_SERVICE_WORDS)})\b|{_COMMENTS})", re.IGNORECASE)
_LONG = 250
"""Characters with which a paragraph without links is text; a section of teasers has none."""
_LONG_SERVICE = 600
_SOME_LINKS = 0.3
_CARDS = 8
_SCRAP = 60
_LINKED = 0.5
_ALL_LINKS = 0.85
_HEAD = 60
_START = 1000
_SOME_TEXT = 0.2
"""Share of a section that may be long paragraphs, which stay, as what follows the teasers has often no heading."""


def tails(blocks: Sequence[Block], *, article: bool) -> Iterator[int]:
    """Numbers of the blocks that stand in such a section, its heading first; never among the first of the body.

    A manual may have a chapter on subscriptions: only in articles is such a heading taken for a call to subscribe.
    """
    body = [number for number, block in enumerate(blocks) if block.context.place.in_body]
    start = min(_START, _length(blocks, body) / 3)
    seen = 0
    for place, number in enumerate(body):
        block = blocks[number]
        text = block.inline.text
        if block.kind == "heading" and seen >= start and len(text) <= _HEAD:
            if article and _SERVICES.match(text):
                yield from _scraps(blocks, _section(blocks, body, place), longest=_LONG_SERVICE)
            elif _TEASERS.match(text):
                section = _section(blocks, body, place)
                if _is_linked(blocks, section) or _is_cards(blocks, section):
                    yield from _scraps(blocks, section, longest=_LONG)
        seen += len(text)


def teasers(blocks: Sequence[Block]) -> Iterator[int]:
    """Numbers of the paragraphs that are nothing but a link: in an article, calls to read another one."""
    for number, block in enumerate(blocks):
        if block.kind == "p" and block.context.place.in_body and block.linked >= _ALL_LINKS:
            yield number


def _link_share(blocks: Sequence[Block], numbers: Sequence[int]) -> float:
    return sum(blocks[number].linked * len(blocks[number].inline.text) for number in numbers) / _length(blocks, numbers)


def _section(blocks: Sequence[Block], body: Sequence[int], place: int) -> list[int]:
    """The heading and what stands below it, up to the next heading of its level or above."""
    level = blocks[body[place]].context.level or 6
    found = [body[place]]
    for number in islice(body, place + 1, None):
        block = blocks[number]
        if block.kind == "heading" and (block.context.level or 6) <= level:
            break
        found.append(number)
    return found


def _scraps(blocks: Sequence[Block], section: Sequence[int], *, longest: int) -> list[int]:
    """All of a section but its long paragraphs; nothing of one that has much of them."""
    text = {number for number in section[1:] if _is_text(blocks[number], longest)}
    if _length(blocks, text) > _SOME_TEXT * _length(blocks, section):
        return []
    return [number for number in section if number not in text]


def _is_linked(blocks: Sequence[Block], section: Sequence[int]) -> bool:
    return _link_share(blocks, section) >= _SOME_LINKS


def _is_cards(blocks: Sequence[Block], section: Sequence[int]) -> bool:
    """Many scraps of text: a grid of products or posts, of which a script makes links."""
    return len(section) > _CARDS and _length(blocks, section) < _SCRAP * len(section)


def _length(blocks: Sequence[Block], numbers: Iterable[int]) -> int:
    return sum(len(blocks[number].inline.text) for number in numbers)


def _is_text(block: Block, longest: int) -> bool:
    if block.kind in ("pre", "table"):
        return True
    return len(block.inline.text) > longest and block.linked < _LINKED
