"""Late chunking is right: the eight tests that pin it down, on MiniLM and on tiny random models."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders import load_encoder
from encoders._pooling import unit
from encoders._windows import Places, parts, windows
from encoders.transformer import Transformer
from quarry.encoding import LATE, Prepared
from quarry.errors import ConfigError
from quarry.span import Span
from quarry.types import Chunk
from tests.encoders import afresh

TEXT = "Salt marshes keep a record of storms. " * 9 + "Each surge carries sand over the creek bank. " * 9
CLOSE = 2e-5
"""Sums in float32 over some hundred tokens."""


@pytest.fixture(params=["minilm", "modernbert", "xlm-roberta", "nomic_bert", "bert"])
def encoder(request: pytest.FixtureRequest, minilm: Transformer, folders: dict[str, Path]) -> Transformer:
    return minilm if request.param == "minilm" else Transformer.load(str(folders[request.param]))


def chunk(span: Span, text: str = TEXT) -> Chunk:
    return Chunk(f"{span.start}", "d", "u", span, span.of(text), "", 1, "late")


def late(encoder: Transformer, spans: list[Span], text: str = TEXT) -> np.ndarray[Any, Any]:
    found = encoder.encode_late(text, [chunk(span, text) for span in spans], sections=[Span(0, len(text))])
    return np.stack([item.vector for item in found])


def states(encoder: Transformer, text: str) -> np.ndarray[Any, Any]:
    """Body token states of one pass over the whole text, by the network itself."""
    ids = encoder.tokens.ids([text])[0]
    whole = [*encoder.tokens.prefix, *ids, *encoder.tokens.suffix]
    found = encoder.states(whole)
    return found[len(encoder.tokens.prefix) : len(whole) - len(encoder.tokens.suffix)]


def short(encoder: Transformer) -> str:
    """Half a window of text."""
    return TEXT[: encoder.tokens.offsets(TEXT)[min(100, encoder._window // 2)][0]].strip()


def test_1_one_chunk_over_the_whole_text_is_the_mean_of_one_pass(encoder: Transformer) -> None:
    text = short(encoder)
    expected = unit(states(encoder, text).mean(axis=0, dtype=np.float32)[None])
    np.testing.assert_allclose(late(encoder, [Span(0, len(text))], text), expected, atol=CLOSE)


def test_2_weighted_mean_of_the_chunks_is_the_mean_of_the_text(encoder: Transformer) -> None:
    text = short(encoder)
    whole = states(encoder, text)
    offsets = encoder.tokens.offsets(text)
    cut = offsets[len(offsets) // 3][0]
    spans = [(0, cut), (cut, len(text))]
    ranges = [Places(offsets).tokens(*span) for span in spans]
    total = sum(whole[first:last].sum(axis=0) for first, last in ranges)
    np.testing.assert_allclose(total / len(whole), whole.mean(axis=0), atol=CLOSE)
    expected = unit(np.stack([whole[first:last].mean(axis=0, dtype=np.float32) for first, last in ranges]))
    np.testing.assert_allclose(late(encoder, [Span(*span) for span in spans], text), expected, atol=CLOSE)


def test_3_packed_equals_one_by_one_in_any_order(encoder: Transformer) -> None:
    texts = [TEXT[:n].strip() for n in (1, 4, 40, 41, 80, 200, 200, 333)]
    together = afresh.embed(encoder, texts)
    alone = np.concatenate([afresh.embed(encoder, [text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=CLOSE)
    np.testing.assert_allclose(afresh.embed(encoder, texts[::-1])[::-1], together, atol=CLOSE)


def test_4_local_layers_see_their_band_only(folders: dict[str, Path]) -> None:
    """Against transformers' own masked attention, for lengths around the band."""
    import torch
    from transformers import AutoModel

    encoder = Transformer.load(str(folders["modernbert"]))
    reference = AutoModel.from_pretrained(folders["modernbert"], attn_implementation="sdpa", dtype=torch.float32).eval()
    for length in (2, 9, 10, 17, 64, 130, 300):
        ids = list(range(1000, 1000 + length))
        with torch.inference_mode():
            expected = reference(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
        np.testing.assert_allclose(encoder.states(ids), expected, atol=CLOSE)


def test_5_a_text_in_one_window_equals_one_pass(encoder: Transformer) -> None:
    text = short(encoder)
    spans = [Span(0, 30), Span(30, 31 + len(text) // 2)]
    whole, offsets = states(encoder, text), encoder.tokens.offsets(text)
    ranges = [Places(offsets).tokens(span.start, span.end) for span in spans]
    expected = unit(np.stack([whole[first:last].mean(axis=0, dtype=np.float32) for first, last in ranges]))
    np.testing.assert_allclose(late(encoder, spans, text), expected, atol=CLOSE)


def test_6_sections_that_are_the_chunks_make_late_plain_without_specials(encoder: Transformer) -> None:
    cut = TEXT.index("Each surge")
    spans = [Span(0, 38 * 2), Span(cut, cut + 90)]
    chunks = [chunk(span) for span in spans]
    found = np.stack([item.vector for item in encoder.encode_late(TEXT, chunks, sections=spans)])
    means = [states(encoder, span.of(TEXT)).mean(axis=0, dtype=np.float32) for span in spans]
    expected = unit(np.stack(means))
    np.testing.assert_allclose(found, expected, atol=CLOSE)


def test_7_moving_a_boundary_changes_its_two_neighbours_only(encoder: Transformer) -> None:
    edges = [0, 60, 130, 200, 300]
    moved = [0, 60, 150, 200, 300]
    first, second = (late(encoder, [Span(a, b) for a, b in pairwise(e)]) for e in (edges, moved))
    same = [bool(np.allclose(a, b, atol=CLOSE)) for a, b in zip(first, second, strict=True)]
    assert same == [True, False, False, True]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_8_spans_share_out_the_tokens(text: str, cuts: list[int]) -> None:
    tokens = load_encoder("minilm").tokens
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    spans = list(pairwise(edges))
    offsets = tokens.offsets(text)
    ranges = [Places(offsets).tokens(*span) for span in spans]
    taken = [index for first, last in ranges for index in range(first, last)]
    inside = [index for index, (a, b) in enumerate(offsets) if b > a]
    assert len(taken) == len(set(taken))
    assert set(inside) <= set(taken)


@given(st.lists(st.integers(0, 9), max_size=400), st.integers(2, 60), st.data())
def test_windows_cover_and_hold_short_chunks_whole(ids: list[int], size: int, data: st.DataObject) -> None:
    tokens = len(ids)
    overlap = data.draw(st.integers(0, size - 1))
    found = windows(ids, size=size, overlap=overlap)
    assert {n for a, b in found for n in range(a, b)} == set(range(tokens))
    assert all(0 < b - a <= size for a, b in found)
    if tokens:
        start = data.draw(st.integers(0, tokens - 1))
        end = data.draw(st.integers(start + 1, tokens))
        pieces = parts(start, end, found)
        assert [n for piece in pieces for n in range(piece.start, piece.end)] == list(range(start, end))
        assert all(found[p.window][0] <= p.start and p.end <= found[p.window][1] for p in pieces)
        assert len(pieces) == 1 or end - start > overlap


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(0, 5999), st.integers(1, 30))
def test_windows_fall_into_step_again_after_an_edit(seed: int, place: int, inserted: int) -> None:
    random = Random(seed)
    ids = [random.randrange(2000) for _ in range(6000)]
    edited = [*ids[:place], *(random.randrange(2000) for _ in range(inserted)), *ids[place:]]
    before = {tuple(ids[a:b]) for a, b in windows(ids, size=254, overlap=127)}
    after = [tuple(edited[a:b]) for a, b in windows(edited, size=254, overlap=127)]
    moved = sum(window not in before for window in after)
    assert len(after) > 45
    assert moved <= 15


def test_repeated_text_gives_long_windows() -> None:
    found = windows([7] * 3000, size=254, overlap=127)
    assert {b - a for a, b in found[:-1]} == {254}


def test_long_texts_go_through_several_windows(encoder: Transformer) -> None:
    text = TEXT * 4
    spans = [Span(n, n + 120) for n in range(0, 2400, 120)]
    found = late(encoder, spans, text)
    assert np.isfinite(found).all()
    assert len({tuple(row) for row in found.round(5).tolist()}) > len(spans) // 3


def test_embed_keys_follow_what_was_read(minilm: Transformer) -> None:
    spans = [Span(0, 60), Span(60, 130)]
    chunks = [chunk(span) for span in spans]
    first = minilm.encode_late(TEXT, chunks, sections=[Span(0, len(TEXT))])
    again = minilm.encode_late(TEXT, chunks, sections=[Span(0, len(TEXT))])
    other = minilm.encode_late(TEXT + " More.", chunks, sections=[Span(0, len(TEXT) + 6)])
    assert [item.embed_key for item in first] == [item.embed_key for item in again]
    assert len({item.embed_key for item in [*first, *minilm.encode(chunks)]}) == 4
    assert len(other) == 2


def test_work_is_prepared_without_the_model_and_each_vector_is_made_once(minilm: Transformer) -> None:
    spans = [Span(0, 60), Span(60, 130), Span(342, 420)]
    plain = minilm.prepare([chunk(span) for span in spans])
    deep = minilm.prepare_mixed(TEXT, [chunk(span) for span in spans], LATE, sections=[Span(0, len(TEXT))])
    both = Prepared.joined([plain, deep])
    assert both.keys == (*plain.keys, *deep.keys)
    every = dict(item for batch in minilm.vectors(both, range(6)) for item in batch)
    apart = [*minilm.encode([chunk(span) for span in spans])]
    apart += minilm.encode_late(TEXT, [chunk(span) for span in spans], sections=[Span(0, len(TEXT))])
    np.testing.assert_allclose([every[n] for n in range(6)], [item.vector for item in apart], atol=CLOSE)
    before = minilm.usage.encoded
    some = dict(item for batch in minilm.vectors(both, [1, 5]) for item in batch)
    assert sorted(some) == [1, 5]
    assert minilm.usage.encoded - before == both.tokens([1, 5]) < both.tokens(range(6))
    np.testing.assert_allclose(some[5], every[5], atol=CLOSE)


def test_equal_work_is_done_once(minilm: Transformer) -> None:
    text = "Salt marshes keep a record of storms. "
    twice = [chunk(Span(0, 38), text * 3), chunk(Span(38, 76), text * 3), chunk(Span(0, 76), text * 3)]
    prepared = minilm.prepare(twice)
    assert prepared.keys[0] == prepared.keys[1] != prepared.keys[2]
    before = minilm.usage.encoded
    found = dict(item for batch in minilm.vectors(prepared, range(3)) for item in batch)
    assert minilm.usage.encoded - before == prepared.tokens([0, 2])
    np.testing.assert_array_equal(found[0], found[1])


def test_late_keys_stay_where_nothing_was_edited(minilm: Transformer) -> None:
    """One section edited: those of the other stay all, and its own but for a few windows."""
    first = "".join(f"The keeper of lamp {n} noted a height of {n * 7 % 61} feet. " for n in range(160))
    second = "".join(f"In year {n} the {n * 3 % 17} boats came home. " for n in range(60))
    added = "A sentence was put in here. "
    at = first.index("The keeper of lamp 16 ")
    before, after = keys(minilm, first, second), keys(minilm, first[:at] + added + first[at:], second)
    assert before[-20:] == after[-20:]
    assert len(set(before) - set(after)) <= 0.2 * len(before)


def keys(encoder: Transformer, first: str, second: str) -> list[str]:
    """Of the sentences, each a chunk."""
    text = first + second
    ends = [n + 2 for n, letters in enumerate(pairwise(text)) if letters == (".", " ")]
    spans = [Span(a, b) for a, b in pairwise([0, *ends])]
    sections = [Span(0, len(first)), Span(len(first), len(text))]
    return list(encoder.prepare_mixed(text, [chunk(span, text) for span in spans], LATE, sections=sections).keys)


def test_the_windows_rule_is_part_of_the_fingerprint(minilm: Transformer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encoders.transformer.WINDOWS", 1)
    assert load_encoder("minilm").fingerprint != minilm.fingerprint


def test_preparing_imports_no_torch() -> None:
    code = (
        "import sys\nfrom encoders import load_encoder\nfrom quarry.span import Span\n"
        "from quarry.encoding import Mixture\nfrom quarry.types import Chunk\n"
        "c = Chunk('1', 'd', 'u', Span(0, 4), 'Salt', '', 1, 'late')\n"
        "e = load_encoder('minilm')\n"
        "late = e.prepare_mixed('Salt', [c], Mixture(plain=0, late=1), sections=[Span(0, 4)])\n"
        "assert e.prepare([c]).keys != late.keys\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_models_that_are_not_mean_pooled_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "cls"
    shutil.copytree(folders["bert"], folder)
    (folder / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},'
        ' {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]'
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(ConfigError, match="cls-pooled"):
        late(Transformer.load(str(folder)), [Span(0, 20)])
