"""Tables of contents: runs of lines that end in page numbers which never fall."""

from __future__ import annotations

import re
from collections.abc import Sequence

from parsers._pdf_blocks import Block

MIN_ENTRIES = 4
MAX_BETWEEN = 2
"""Lines without a number in a row inside a run: entries over two lines, headings of groups."""
_ENTRY = re.compile(r"^(?P<text>.*?)(?P<dots>[\s.·…_]*?(?:[.·…_]\s?){3,})?\s*(?P<page>\d{1,4}|[ivxlc]{1,6})$")


def contents_of(blocks: Sequence[Block], *, pages: int) -> set[int]:
    """Numbers of the blocks that are a table of contents (or of figures): no headings stand there."""
    lines = [
        (number, _page_number(line.text, wide=bool(line.cells), pages=pages))
        for number, block in enumerate(blocks)
        for line in block.lines
    ]
    found: set[int] = set()
    run: list[int] = []
    entries, last, between = 0, 0, 0
    for number, page in [*lines, (-1, 0), *[(-1, None)] * (MAX_BETWEEN + 1)]:
        if page is not None and page >= last and number >= 0:
            run.append(number)
            entries, last, between = entries + 1, page, 0
        elif between < MAX_BETWEEN and run and number >= 0 and page is None:
            run.append(number)
            between += 1
        else:
            if entries >= MIN_ENTRIES:
                found.update(run[: len(run) - between])
            run = [number] if page is not None and number >= 0 else []
            entries, last, between = len(run), page or 0, 0
    return found


def _page_number(text: str, *, wide: bool, pages: int) -> int | None:
    """The number that a line of a table of contents ends in: behind dots or behind a wide gap."""
    match = _ENTRY.match(text.strip())
    if not match or not any(character.isalpha() for character in match["text"]):
        return None
    if not match["dots"] and not wide:
        return None
    if not match["page"].isdigit():
        return 0
    number = int(match["page"])
    return number if number <= pages + 400 else None
