"""The example PDFs, element for element. `UPDATE_GOLDEN=1` writes the files anew: read the difference first."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from parsers.pdf import Pdf
from quarry.types import Document, Origin, Outcome

CORPUS = Path(__file__).parents[2] / "examples" / "corpus"
GOLDEN = Path(__file__).parent / "golden"
PREFIX = 80


def parsed(file: Path) -> Document:
    data = file.read_bytes()
    return Pdf(mode="fast").parse(data, Origin("0" * 32, "file:///x.pdf", "s", file.name, sha256(data).hexdigest()))


def shown(document: Document) -> list[list[object]]:
    """Type, level, page, the first characters and the flags of each element."""
    return [
        [e.type.value, e.level, e.page, e.span.of(document.text)[:PREFIX], list(e.flags)] for e in document.elements
    ]


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.pdf")), ids=lambda file: file.name)
def test_example_documents(file: Path) -> None:
    golden = GOLDEN / f"{file.stem}.json"
    document = parsed(file)
    found = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in shown(document)) + "\n]\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        assert "CI" not in os.environ, "golden files are written by hand, never on CI"
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert json.loads(found) == json.loads(golden.read_text(encoding="utf-8"))
    assert bool(json.loads(found)) == (document.outcome is not Outcome.EMPTY)
