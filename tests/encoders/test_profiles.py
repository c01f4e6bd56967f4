"""Profiles: what a file may say, and one line for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from encoders import encoder, load_encoder
from encoders.profiles import profile, profiles, resolve
from quarry.errors import ConfigError, ModelError


def written(folder: Path, text: str) -> str:
    file = folder / "mine.yaml"
    file.write_text(text)
    return str(file)


def test_folders_are_looked_for_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = profile(written(tmp_path, "folder: a\nquery: {folder: b}\n"))
    assert found.query is not None
    assert (resolve(found), resolve(found.query)) == (tmp_path / "a", tmp_path / "b")
    assert (found.name, found.query.name) == ("mine", "mine (queries)")
    absolute = profile(written(tmp_path, f"folder: {tmp_path / 'b'}\n"))
    assert resolve(absolute) == tmp_path / "b"


def test_back_ends_are_files() -> None:
    assert encoder.names() == ("http", "sentence_transformers", "transformer")


def test_every_bundled_profile_names_a_known_back_end() -> None:
    for found in profiles().values():
        assert found.backend == {"kind": "transformer"}
        assert found.dim
        assert all(0 < length < found.dim for length in found.matryoshka)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("folder: a\nhub: b/c\n", "exactly one of package, hub and folder"),
        ("context: 5\n", "exactly one of package, hub and folder"),
        ("folder: a\nlayer: 3\n", "did you mean 'layers'"),
        ("folder: a\nlayers: 0\n", "layers"),
        ("folder: a\nquery: {folder: b, poling: cls}\n", "no 'poling' in query of mine"),
        ("folder: a\nprompts: {queries: x}\n", "no 'queries' in prompts of mine"),
        ("folder: a\nbackend: htp\n", "did you mean 'http'"),
        ("folder: a\nbackend: profiles\n", "no 'profiles' in encoders/"),
        ("folder: a\nbackend: {url: x}\n", "needs a kind"),
        ("folder: a\nbackend: {kind: transformer, url: x}\n", "no 'url' in the settings of encoders.transformer"),
        ("folder: a\ntask: find\n", "give both or neither"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_encoder(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_hub_model_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = tmp_path / "models--a--b"
    (at / "refs").mkdir(parents=True)
    (at / "snapshots" / "abc").mkdir(parents=True)
    (at / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert resolve(profile(written(tmp_path, "hub: a/b\n"))) == at / "snapshots" / "abc"
    with pytest.raises(ModelError, match=r"hf download a/b --revision v2"):
        resolve(profile(written(tmp_path, "hub: a/b\nrevision: v2\n")))
    with pytest.raises(ModelError, match="no hub id"):
        resolve(profile(written(tmp_path, "hub: a/b/c\n")))
