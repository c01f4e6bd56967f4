"""Rendered documents: headings, levels, order and pages against the exact truth, template by template.

The sources are this repository's own Markdown files, or those of any folder given with `--data`: files that are named
`VOLUME__PART.md` make one document of each volume.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rendering.source import Part, volume
from benchmarks.rendering.story import told
from benchmarks.rendering.templates import TEMPLATES, Template
from benchmarks.rendering.truth import Measured, compared
from benchmarks.rendering.typeset import Rendered, typeset
from parsers.pdf import Pdf
from quarry.types import Document, Origin

ROOT = Path(__file__).parent.parent
OWN = ("README.md", "docs/incremental.md", "docs/generations.md", "docs/operations.md")
LEFT_OUT = re.compile(r"^(?:README|LICENSE|index|comment_help)$|__(?:README|cover|errata)$|^[^_]*$|definitions$")
"""Parts that hold no running text of the volume: covers, file lists."""
BAR, ORDER_BAR_COLUMNS = 0.97, 0.99


def rendered(parts: tuple[Part, ...], template: Template, *, title: str) -> Rendered:
    return (typeset if template.engine == "typst" else told)(parts, template, title=title)


def parsed(data: bytes, *, mode: str = "auto") -> Document:
    digest = sha256(data).hexdigest()
    return Pdf(mode=mode).parse(data, Origin("0" * 32, "file:///r.pdf", "r", "r.pdf", digest))  # type: ignore[arg-type]  # checked by the parser


def volumes(data: Path | None) -> dict[str, list[Path]]:
    if data is None:
        return {"Quarry": [ROOT / name for name in OWN]}
    found: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(data.glob("*.md"), key=_place):
        if not LEFT_OUT.search(file.stem):
            found[file.stem.split("__")[0]].append(file)
    return found


def _place(file: Path) -> tuple[int, str]:
    number = re.search(r"__sec(\d+)", file.stem)
    return (int(number[1]) if number else 99, file.stem)


def measured(template: Template, data: Path | None, *, mode: str) -> Measured:
    total = Measured()
    for name, files in volumes(data).items():
        parts = volume(files, notes_every=template.notes, numbered=template.numbered)
        made = rendered(parts, template, title=f"Guidelines of {name}")
        total.add(compared(made, parsed(made.data, mode=mode)))
    return total


def results(data: Path | None, *, only: str, mode: str) -> Iterator[tuple[Template, Measured]]:
    for template in TEMPLATES:
        if only in template.name:
            yield template, measured(template, data, mode=mode)


def passed(template: Template, rates: dict[str, float]) -> bool:
    good = all(rates[name] >= BAR for name in ("heading F1", "level", "order", "page"))
    return good and (template.columns == 1 or rates["order"] >= ORDER_BAR_COLUMNS)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--only", default="", help="part of the templates' names")
    options.add_argument("--mode", default="auto")
    options.add_argument("--wrong", type=int, default=0, help="print so many differences of each template")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    table, good = Table("template"), True
    rows: dict[str, dict[str, float]] = {}
    for template, found in results(chosen.data, only=chosen.only, mode=chosen.mode):
        rates = found.rates
        if not rows:
            for name in rates:
                table.add_column(name, justify="right")
        rows[template.name] = rates
        table.add_row(template.name, *(f"{rate:.3f}" for rate in rates.values()))
        good = good and passed(template, rates)
        for line in found.wrong[: chosen.wrong]:
            print(f"{template.name}: {line}")
    Console().print(table)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
