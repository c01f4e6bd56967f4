"""The back end for models whose modules transformers alone can't run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Router, Transformer
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling

from encoders import encoder_of, load_encoder
from encoders.profiles import Profile
from quarry.errors import ConfigError, EncodeError, ModelError
from quarry.span import Span
from quarry.types import Chunk

TEXTS = ["", "one", "Lighthouses stand on rocks. " * 9, "a" * 90]
BACKEND = {"kind": "sentence_transformers"}


def saved(folder: Path, *modules: torch.nn.Module) -> SentenceTransformer:
    model = SentenceTransformer(modules=list(modules), device="cpu", prompts={"query": "q: ", "document": "d: "})
    model.save_pretrained(str(folder), create_model_card=False)
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


@pytest.fixture(scope="module")
def normed(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SentenceTransformer]:
    """A model with a module that `transformer` refuses."""
    folder = tmp_path_factory.mktemp("normed") / "model"
    norm = LayerNorm(32)
    torch.nn.init.normal_(norm.norm.weight)
    return folder, saved(folder, Transformer(str(folders["bert"])), Pooling(32), norm)


def close(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    unit = expected / np.linalg.norm(expected, axis=-1, keepdims=True)
    np.testing.assert_allclose(found, unit, atol=1e-5)


def test_other_modules(normed: tuple[Path, SentenceTransformer]) -> None:
    folder, reference = normed
    with pytest.raises(ModelError, match=r"LayerNorm.*backend: sentence_transformers"):
        load_encoder(str(folder))
    chosen = Profile("normed", "folder", str(folder), backend=BACKEND, dim=32)
    encoder = encoder_of(chosen)
    close(encoder.embed(TEXTS), reference.encode_document(TEXTS))
    close(encoder.encode_query("oil"), reference.encode_query("oil"))
    chunk = Chunk("c", "d", "u", Span(0, 3), "oil", "Engines\n", 3, "x")
    close(encoder.encode([chunk])[0].vector, reference.encode_document("Engines\noil"))
    close(encoder_of(chosen, dim=8).embed(TEXTS), reference.encode_document(TEXTS)[:, :8])
    assert (encoder.identity.document_prompt, encoder.identity.max_tokens) == ("d: ", 160)


def test_one_model_for_queries_one_for_documents(folders: dict[str, Path], tmp_path: Path) -> None:
    queries = [Transformer(str(folders["bert"])), Pooling(32)]
    documents = [Transformer(str(folders["modernbert"])), Pooling(32, pooling_mode="cls")]
    reference = saved(tmp_path, Router.for_query_document(query_modules=queries, document_modules=documents))
    encoder = encoder_of(Profile("two", "folder", str(tmp_path), backend=BACKEND, dim=32, context=100))
    close(encoder.embed(TEXTS), reference.encode_document(TEXTS))
    close(encoder.encode_query("oil"), reference.encode_query("oil"))


def test_what_it_refuses(normed: tuple[Path, SentenceTransformer], tmp_path: Path) -> None:
    chosen = Profile("normed", "folder", str(normed[0]), backend=BACKEND, dim=32)
    with pytest.raises(ConfigError, match="needs dim"):
        encoder_of(replace(chosen, dim=None))
    with pytest.raises(ModelError, match="gave vectors of 32 numbers"):
        encoder_of(replace(chosen, dim=24)).embed(["a"])
    with pytest.raises(EncodeError, match="nothing is cut"):
        encoder_of(chosen).embed(["word " * 200])
    with pytest.raises(ConfigError, match="needs revision"):
        encoder_of(Profile("x", "hub", "a/b", backend={**BACKEND, "trust_remote_code": True}, dim=32))
    shutil.copytree(normed[0], tmp_path / "pickled")
    (tmp_path / "pickled" / "2_LayerNorm" / "model.safetensors").rename(tmp_path / "pickled/2_LayerNorm/x.bin")
    with pytest.raises(ModelError, match="is a pickle"):
        encoder_of(replace(chosen, model=str(tmp_path / "pickled")))


def test_code_of_a_model_is_not_run_unasked(normed: tuple[Path, SentenceTransformer], tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(normed[0], folder)
    (folder / "mine.py").write_text("open('ran', 'w').close()\nfrom sentence_transformers.models import LayerNorm\n")
    modules = (folder / "modules.json").read_text()
    kind = next(part for part in modules.split('"') if part.endswith(".LayerNorm"))
    (folder / "modules.json").write_text(modules.replace(kind, "mine.LayerNorm"))
    with pytest.raises(ModelError, match="can't load this model"):
        encoder_of(Profile("own", "folder", str(folder), backend=BACKEND, dim=32)).embed(["a"])
    assert not Path("ran").exists()


def test_every_file_counts_and_none_needs_torch(normed: tuple[Path, SentenceTransformer], tmp_path: Path) -> None:
    shutil.copytree(normed[0], tmp_path / "copy")
    chosen = Profile("normed", "folder", str(normed[0]), backend=BACKEND, dim=32)
    copy = replace(chosen, model=str(tmp_path / "copy"))
    assert encoder_of(copy).fingerprint == encoder_of(chosen).fingerprint
    (tmp_path / "copy" / "README.md").write_text("words")
    assert encoder_of(copy).fingerprint == encoder_of(chosen).fingerprint
    (tmp_path / "copy" / "code.py").write_text("words")
    assert encoder_of(copy).fingerprint != encoder_of(chosen).fingerprint
    code = (
        "import sys; from encoders import encoder_of; from encoders.profiles import Profile\n"
        f"p = Profile('n', 'folder', {str(normed[0])!r}, backend={BACKEND!r}, dim=32)\n"
        "print(encoder_of(p).identity.fingerprint)\n"
        "assert 'torch' not in sys.modules and 'sentence_transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
