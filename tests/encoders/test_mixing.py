"""Mixed vectors are the weighted sums of their readings, whatever is shared between them; each text is run once."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders._memo import Memo
from encoders._pooling import unit
from encoders.transformer import Transformer
from quarry.encoding import LATE, Mixture, Prepared
from quarry.errors import ConfigError, EncodeError
from quarry.span import Span
from quarry.types import Chunk

SENTENCES = (
    "Salt marshes keep a record of storms. ",
    "Each surge carries sand over the creek bank. ",
    "The sand lies there in pale layers. ",
    "A core of two metres holds nine centuries. ",
)
TEXT = "".join(SENTENCES)
EDGES = [0, *np.cumsum([len(sentence) for sentence in SENTENCES]).tolist()]
PARTS = [Span(a, b) for a, b in pairwise(EDGES)]
SECTIONS = [Span(0, len(TEXT))]
CLOSE = 1e-5


@pytest.fixture(params=["minilm", "modernbert", "xlm-roberta", "bert"])
def encoder(request: pytest.FixtureRequest, minilm: Transformer, folders: dict[str, Path]) -> Transformer:
    return minilm if request.param == "minilm" else Transformer.load(str(folders[request.param]))


def chunks(context: str = "Coast > Marshes\n") -> list[Chunk]:
    """Two sentences each."""
    spans = [Span(EDGES[0], EDGES[2]), Span(EDGES[2], EDGES[4])]
    return [Chunk(f"{span.start}", "d", "u", span, span.of(TEXT).strip(), context, 1, "late") for span in spans]


def prepared(encoder: Transformer, mixture: Mixture, given: list[Chunk] | None = None) -> Prepared:
    given = chunks() if given is None else given
    parts = [[part for part in PARTS if part.overlaps(chunk.span)] for chunk in given]
    return encoder.prepare_mixed(TEXT, given, mixture, sections=SECTIONS, parts=parts)


def vectors(encoder: Transformer, work: Prepared) -> np.ndarray[Any, Any]:
    found = dict(item for batch in encoder.vectors(work, range(len(work.jobs))) for item in batch)
    return np.stack([found[index] for index in range(len(work.jobs))])


def readings(encoder: Transformer) -> dict[str, np.ndarray[Any, Any]]:
    """Unit vectors of both chunks, each made without `prepare_mixed` or by a mixture of that reading alone."""
    sentences = encoder.embed([sentence.strip() for sentence in SENTENCES])
    return {
        "plain": np.stack([item.vector for item in encoder.encode(chunks())]),
        "sentences": unit(np.stack([sentences[:2].sum(axis=0), sentences[2:].sum(axis=0)])),
        "heading": encoder.embed(["Coast > Marshes"] * 2),
        "20": vectors(encoder, prepared(encoder, replace(LATE, windows=(20,)))),
        "30": vectors(encoder, prepared(encoder, replace(LATE, windows=(30,)))),
    }


def test_a_mixture_is_the_weighted_sum_of_its_readings(encoder: Transformer) -> None:
    mixture = Mixture(plain=1.0, sentences=0.5, heading=0.25, late=2.0, windows=(20, 30))
    own = readings(encoder)
    expected = own["plain"] + 0.5 * own["sentences"] + 0.25 * own["heading"] + 2 * own["20"] + 2 * own["30"]
    np.testing.assert_allclose(vectors(encoder, prepared(encoder, mixture)), unit(expected), atol=CLOSE)


def test_a_reading_alone_is_that_vector_under_its_own_key(encoder: Transformer) -> None:
    own = readings(encoder)
    alone = {"plain": Mixture(plain=0.3), "sentences": Mixture(plain=0, sentences=2.0)}
    for name, mixture in alone.items():
        np.testing.assert_allclose(vectors(encoder, prepared(encoder, mixture)), own[name], atol=CLOSE)
    assert prepared(encoder, Mixture(plain=0.3)).keys == encoder.prepare(chunks()).keys
    late = encoder.encode_late(TEXT, chunks(), sections=SECTIONS)
    assert prepared(encoder, replace(LATE, late=0.5)).keys == tuple(item.embed_key for item in late)


def test_keys_tell_weights_windows_sentences_and_headings_apart(minilm: Transformer) -> None:
    both = Mixture(plain=1, sentences=1, heading=1, late=1)
    others = [replace(both, **change) for change in ({"plain": 2.0}, {"late": 0.5}, {"heading": 0.5}, {"sentences": 2})]
    others.append(replace(both, windows=(20,)))
    keys = [prepared(minilm, mixture).keys for mixture in (both, *others)]
    keys.append(prepared(minilm, both, chunks("Coast > Dunes\n")).keys)
    assert len({key for pair in keys for key in pair}) == 2 * len(keys)
    assert prepared(minilm, both).keys == keys[0]
    first = prepared(minilm, both).jobs[0]
    assert first.key_by(minilm.fingerprint) == first.key


def test_what_shares_the_batch_changes_nothing(encoder: Transformer) -> None:
    mixture = Mixture(plain=1, sentences=1, heading=1, late=1)
    work = prepared(encoder, mixture)
    alone = dict(item for batch in encoder.vectors(work, [1]) for item in batch)
    encoder.forget()
    crowd = Prepared.joined([encoder.prepare(chunks("")), work, prepared(encoder, LATE)])
    np.testing.assert_allclose(vectors(encoder, crowd)[3], alone[1], atol=CLOSE)


def test_a_moved_boundary_changes_its_two_neighbours_only(encoder: Transformer) -> None:
    """The seventh of the tests of late chunking, on a mixture of all that doesn't read the context."""
    mixture = Mixture(plain=1, sentences=1, late=1)
    found = []
    for edges in ([0, 20, 60, 100, 140], [0, 20, 70, 100, 140]):
        spans = [Span(a, b) for a, b in pairwise(edges)]
        given = [Chunk("", "d", "u", span, span.of(TEXT).strip(), "", 1, "late") for span in spans]
        work = encoder.prepare_mixed(TEXT, given, mixture, sections=SECTIONS, parts=[[span] for span in spans])
        found.append(vectors(encoder, work))
    same = [bool(np.allclose(a, b, atol=CLOSE)) for a, b in zip(*found, strict=True)]
    assert same == [True, False, False, True]


def test_equal_inputs_are_run_once(minilm: Transformer) -> None:
    """A section, its chunk, its sentence and the context of another are one text."""
    sentence = "Salt marshes keep a record of storms."
    own = Chunk("1", "d", "u", Span(0, len(sentence)), sentence, "", 1, "late")
    other = replace(own, id="2", context=f"{sentence}\n")
    spans = [own.span]
    mixture = Mixture(plain=1, sentences=1, heading=1, late=1)
    work = minilm.prepare_mixed(sentence, [own, other], mixture, sections=spans, parts=[spans, spans])
    assert len(work.windows) == 2
    again = Prepared.joined([work, work, minilm.prepare([own])])
    assert len(again.windows) == 2
    minilm.forget()
    before = minilm.usage.encoded
    found = vectors(minilm, again)
    assert minilm.usage.encoded - before == sum(map(len, work.windows)) == again.tokens(range(5))
    np.testing.assert_allclose(found[0], found[4], atol=0.05)
    np.testing.assert_array_equal(found[:2], found[2:4])


@pytest.mark.parametrize("mixture", [Mixture(plain=1, late=1), Mixture(plain=0.5, sentences=1, heading=1, late=1)])
def test_the_cut_of_a_longer_mixture_is_the_shorter_one(minilm: Transformer, mixture: Mixture) -> None:
    small = Transformer.load("minilm", dim=64)
    whole, short = prepared(minilm, mixture), prepared(small, mixture)
    assert [job.key_by(minilm.fingerprint) for job in short.jobs] == list(whole.keys)
    expected = unit(vectors(minilm, whole), dim=64)
    np.testing.assert_allclose(vectors(small, short), expected, atol=CLOSE)


def test_readings_are_projected_before_they_are_mixed(tmp_path: Path, folders: dict[str, Path]) -> None:
    encoder = Transformer.load(str(with_dense(folders["bert"], tmp_path / "dense")))
    own = readings(encoder)
    assert own["plain"].shape == (2, 24)
    expected = unit(own["plain"] + own["20"])
    found = vectors(encoder, prepared(encoder, Mixture(plain=1, late=1, windows=(20,))))
    np.testing.assert_allclose(found, expected, atol=CLOSE)
    states = encoder.states(encoder.prepare(chunks()).windows[0])
    plain = encoder.finished(states.mean(axis=0, keepdims=True))
    np.testing.assert_allclose(own["plain"][:1], plain, atol=CLOSE)


def with_dense(source: Path, folder: Path) -> Path:
    """The model with a Dense module after its pooling."""
    import shutil

    import torch
    from safetensors.torch import save_file

    shutil.copytree(source, folder)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Dense": "Dense", "3_Normalize": "Normalize"}
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (folder / "2_Dense").mkdir()
    about = {
        "in_features": 32,
        "out_features": 24,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    (folder / "2_Dense/config.json").write_text(json.dumps(about))
    torch.manual_seed(3)
    weights = {"linear.weight": torch.randn(24, 32), "linear.bias": torch.randn(24)}
    save_file(weights, str(folder / "2_Dense/model.safetensors"))
    return folder


def test_sentences_that_were_compared_are_not_run_again(minilm: Transformer) -> None:
    mixture = Mixture(plain=0, sentences=1)
    work = prepared(minilm, mixture)
    minilm.forget()
    expected = vectors(minilm, work)
    minilm.forget()
    minilm.embed([sentence.strip() for sentence in SENTENCES])
    before = minilm.usage.encoded
    np.testing.assert_allclose(vectors(minilm, work), expected, atol=CLOSE)
    minilm.embed([SENTENCES[0].strip()] * 3)
    assert minilm.usage.encoded == before
    minilm.forget()
    vectors(minilm, work)
    assert minilm.usage.encoded - before == work.tokens([0, 1])


def test_the_memo_holds_what_was_used_last_within_its_room() -> None:
    memo = Memo(room=3 * 16)
    rows = np.arange(16, dtype=np.float32).reshape(4, 4)
    for number in range(3):
        memo.put([number], rows[number])
    assert memo.get([0]) is not None
    memo.put([3], rows[3])
    memo.put([3], rows[3])
    assert len(memo) == 3
    assert memo.get([1]) is None
    np.testing.assert_array_equal(memo.get([0]), rows[0])
    assert memo.get([3]).base is None  # type: ignore[union-attr]  # it is there


def test_what_has_nothing_of_the_mixture_is_encoded_on_its_own(minilm: Transformer) -> None:
    """A tag character is no token of the tokenizer."""
    text = "\U000e0041"
    bare = Chunk("1", "d", "u", Span(0, 1), text, "", 0, "late")
    work = minilm.prepare_mixed(text, [bare], replace(LATE, heading=1.0), sections=[Span(0, 1)])
    assert work.keys == minilm.prepare([bare]).keys
    under = replace(bare, context="Coast > Marshes\n")
    work = minilm.prepare_mixed(text, [under], replace(LATE, heading=0.5), sections=[Span(0, 1)])
    expected = minilm.encode([under])[0].vector + 0.5 * minilm.embed(["Coast > Marshes"])[0]
    np.testing.assert_allclose(vectors(minilm, work), unit(expected[None]), atol=CLOSE)


def test_a_window_that_the_model_can_not_read_is_refused(minilm: Transformer) -> None:
    with pytest.raises(ConfigError, match=r"chunker\.windows has 300: minilm reads 254 tokens"):
        prepared(minilm, replace(LATE, windows=(300,)))
    long = [Span(0, 3000)]
    given = [replace(chunks("")[0], span=long[0])]
    with pytest.raises(EncodeError, match="a sentence has"):
        minilm.prepare_mixed(TEXT * 20, given, Mixture(sentences=1), sections=long, parts=[long])


@pytest.mark.parametrize("wrong", [{"plain": -1.0}, {"plain": 0.0}, {"plain": 0.0, "heading": 1.0}, {"unit": 0}])
def test_wrong_weights_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Mixture(**wrong)  # type: ignore[arg-type]  # numbers of either kind
