"""A document on which the model breaks costs itself, not the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipeline.drill import cut_model
from tests.pipeline.place import Place, counted

KEPT = 13_000
"""Rows of the word embedding; rarer words have higher ids in this vocabulary."""


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A network that lacks the embeddings of rare words."""
    from safetensors.torch import load_file, save_file

    folder = cut_model(tmp_path / "half")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": KEPT}))
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    weights[name] = weights[name][:KEPT].clone()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_text_on_which_the_model_breaks(tmp_path: Path, half: Path) -> None:
    place = Place(tmp_path, half)
    for name in ("a.md", "b.md"):
        place.write(name, f"The house of {name} by the water.")
    place.write("rare.md", "Trombones in the house.")
    report = place.ingest()
    assert counted(report) == {"seen": 3, "added": 3}
    assert (report["outcomes"]["ok"], report["outcomes"]["failed"]) == (2, 1)
    row = place.documents()["rare.md"]
    assert (row.outcome, row.stage) == ("failed", "encode")
    assert "broke on 1 texts: index out of range" in (row.reason or "")
    assert sorted(place.found("water")) == ["a.md", "b.md"]
    place.assert_clean()
