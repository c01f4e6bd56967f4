"""How a rendered document looks: one value a template, so that tests may make up more of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Template:
    """Sizes in points."""

    name: str
    engine: Literal["typst", "story"] = "typst"
    paper: str = "a4"
    columns: int = 1
    font: str = "Libertinus Serif"
    size: float = 10.5
    headings: tuple[float, ...] = (1.6, 1.35, 1.15, 1.0)
    """Size of each level in multiples of the text's; the last holds for what is deeper."""
    bold: bool = True
    """Weight of headings."""
    italic_from: int = 9
    """Headings of this level and deeper are italic."""
    capitals: int = 0
    """Headings down to this level are in capitals."""
    numbered: bool = False
    """Levels follow the section numbers: for looks that don't tell them apart."""
    bookmarks: bool = False
    tagged: bool = False
    contents: Literal["", "leaders", "plain"] = ""
    head: Literal["", "title", "section"] = ""
    foot: Literal["", "number", "of"] = ""
    notes: int = 0
    """A footnote in every so-many-th long paragraph."""
    indent: bool = False
    """First lines set in and no space between paragraphs."""
    justify: bool = False
    table: Literal["grid", "rules", "plain"] = "grid"
    turned: bool = False
    """Landscape pages drawn sideways on portrait sheets, which say that they are to be turned."""


TEMPLATES = (
    Template("report, bookmarks", bookmarks=True, head="title", foot="of", contents="leaders"),
    Template("report, tags", tagged=True, head="section", foot="number", contents="leaders", notes=4),
    Template("report, tags and bookmarks", tagged=True, bookmarks=True, foot="number", notes=5, table="rules"),
    Template("report, bare", head="section", foot="of", contents="leaders", notes=4),
    Template("report, contents without dots", foot="number", contents="plain", head="title", table="rules"),
    Template("book, justified", indent=True, justify=True, head="section", foot="number", notes=3, size=11.0),
    Template("bold only", headings=(1.0,), numbered=True, size=10.0, foot="number", font="New Computer Modern"),
    Template("small sizes", headings=(1.3, 1.15, 1.08, 1.0), size=9.5, italic_from=4, foot="of"),
    Template("large, not bold", headings=(2.0, 1.6, 1.3, 1.15), bold=False, head="title"),
    Template(
        "capitals", headings=(1.2, 1.1, 1.0), capitals=1, numbered=True, paper="us-letter", foot="number", table="plain"
    ),
    Template("paper, two columns", columns=2, justify=True, indent=True, size=9.5, foot="number", notes=4),
    Template("paper, two columns, tags", columns=2, tagged=True, justify=True, size=9.0, head="title", notes=4),
    Template("paper, two columns, bookmarks", columns=2, bookmarks=True, size=10.0, head="section", foot="of"),
    Template("three columns", columns=3, paper="a3", size=9.5, foot="number"),
    Template("landscape, turned", turned=True, foot="number", head="title"),
    Template("story", engine="story", foot="number", font="Helvetica"),
    Template("story, bookmarks", engine="story", foot="of", head="title", font="Times", bookmarks=True),
    Template("story, two columns", engine="story", columns=2, foot="number", size=9.5, font="Times"),
)
