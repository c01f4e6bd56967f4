"""The example pages, element for element. `UPDATE_GOLDEN=1` writes the files anew: read the difference first."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from parsers.html import Html
from quarry.records import document_record
from quarry.types import Origin

CORPUS = Path(__file__).parents[2] / "examples" / "corpus"
GOLDEN = Path(__file__).parent / "golden"


def record_of(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    origin = Origin(id="d", uri="file:///page", source="corpus", path=path.name, sha256=sha256(data).hexdigest())
    made = document_record(Html().parse(data, origin))
    # Which version of a library was asked is provenance; what came of it stands in the elements.
    return {key: value for key, value in made.items() if key != "parser"}


@pytest.mark.parametrize("page", sorted(CORPUS.glob("*.html")), ids=lambda path: path.stem)
def test_example_pages(page: Path) -> None:
    golden = GOLDEN / f"{page.stem}.json"
    found = json.dumps(record_of(page), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        assert "CI" not in os.environ, "golden files are written by hand, never on CI"
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert json.loads(found) == json.loads(golden.read_text(encoding="utf-8"))
