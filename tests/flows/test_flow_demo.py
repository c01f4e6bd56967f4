"""A schedule that fires on a real Prefect server, and what it leaves in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.flow_demo import demonstrate
from pipeline.views import live_of
from stores.lance import Store


@pytest.mark.timeout(600)
def test_the_schedule_fires_and_ingests(tmp_path: Path) -> None:
    corpus = tmp_path / "docs"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Lighthouses\n\nA keeper trims the lamp each night.\n")
    fired = demonstrate(corpus, tmp_path)
    assert fired.state == "Completed"
    assert fired.artifacts == ("ingest-default-counts", "ingest-default-report")
    assert "1 added" in fired.markdown
    collection = Store.open(str(tmp_path / "store")).collection("default")
    assert [row.path for row in collection.documents()] == ["a.md"]
    assert collection.count(live_of(collection)) == 1
