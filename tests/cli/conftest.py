"""A small store that the command line tests read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from encoders.profiles import profile, resolve

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def write_pdf(file: Path, *paragraphs: str, password: str = "") -> None:
    """One page, a paragraph every 40 points."""
    with pymupdf.open() as document:
        page = document.new_page()
        for number, text in enumerate(paragraphs):
            page.insert_text((72, 100 + 40 * number), text, fontsize=11)
        locked = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": password} if password else {}
        document.save(str(file), **locked)


@pytest.fixture(scope="session")
def quarry() -> Run:
    """Runs the command line in a process of its own."""

    def run(*arguments: str | Path, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        command = [sys.executable, "-m", "quarry", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, cwd=cwd or ROOT, env=environment, check=False
        )

    return run


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "docs"
    folder.mkdir()
    write_pdf(folder / "walrus.pdf", "The walrus keeps its tusks all its life.", "Walruses rest on ice floes.")
    write_pdf(folder / "locked.pdf", "Nobody reads this.", password="secret")
    (folder / "notes.md").write_text(
        "# Engines\n\nAn engine needs oil every ten thousand hours.\n\n## Cooling\n\nWater.\n"
    )
    (folder / "plain.txt").write_text("A plain text about lighthouses and their keepers.\n")
    (folder / "empty.txt").write_text("")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


@pytest.fixture(scope="session")
def store(quarry: Run, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("store") / "store"
    done = quarry("ingest", corpus, "--store", place, "--json")
    assert done.returncode == 3, done.stderr
    return place


@pytest.fixture(scope="session")
def cross(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random cross-encoder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(5)
    size: dict[str, Any] = {"vocab_size": 30522, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    size |= {"intermediate_size": 16, "num_labels": 1, "initializer_range": 0.3}
    config = BertConfig(**size)
    folder = tmp_path_factory.mktemp("cross") / "model"
    BertForSequenceClassification(config).save_pretrained(folder)
    shutil.copyfile(resolve(profile("minilm")) / "tokenizer.json", folder / "tokenizer.json")
    return folder
