"""Chunker settings that are wrong are refused in one line that says what there is; equal settings are equal values."""

from __future__ import annotations

from typing import Any

import pytest

from chunkers import Mixes, chunker
from quarry.errors import ConfigError, EncodeError
from quarry.settings import chunker_spec, config_dir, read_yaml
from tests.laws.chunker_documents import Build, Characters, WordHash

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "slidng_window"}, "did you mean 'sliding_window'"),
    (
        {"size": 20},
        "a chunkers setting needs a kind (there are: hierarchical, late, metadata_aware, page, recursive, regex,",
    ),
    (
        {"kind": "recursive", "sise": 20},
        "no 'sise' in the settings of chunkers.recursive (there are: separators, size)",
    ),
    ({"kind": "recursive", "size": "big"}, "chunkers.recursive: size: Input should be a valid integer"),
    ({"kind": "recursive", "size": 2}, "size must be at least 8"),
    ({"kind": "recursive", "separators": []}, "separators given"),
    ({"kind": "sliding_window", "size": 10, "overlap": 10}, "overlap must be in [0, size): overlap=10, size=10"),
    ({"kind": "semantic", "method": "best"}, "Input should be 'optimal', 'percentile', 'standard_deviation',"),
    ({"kind": "semantic", "method": "percentile", "amount": 100}, "amount of method percentile must be in (0, 100)"),
    ({"kind": "semantic", "plain": -1}, "weights must not be negative"),
    ({"kind": "semantic", "sentences": 0}, "plain, sentences or late positive"),
    ({"kind": "late", "windows": [1]}, "windows 2 at least"),
    ({"kind": "metadata_aware", "merge_below": -1}, "merge_below not negative"),
    ({"kind": "late", "boundaries": {"kind": "late"}}, "from another strategy than late"),
    (
        {"kind": "late", "boundaries": {"kind": "recursive", "sise": 9}},
        "no 'sise' in the settings of chunkers.recursive",
    ),
    ({"kind": "late", "boundaries": {}}, "needs a kind"),
    ({"kind": "page", "size": 7}, "size must be at least 8: size=7"),
    ({"kind": "hierarchical", "size": 7}, "size must be at least 8"),
    ({"kind": "hierarchical", "size": 80, "parent_size": 40}, "parent_size no less than size: size=80, parent_size=40"),
    ({"kind": "hierarchical", "unit": "word"}, "unit: Input should be 'sentence' or 'paragraph'"),
    ({"kind": "late", "boundaries": 3}, "boundaries: Input should be a valid dict"),
]


@pytest.mark.parametrize(("spec", "message"), WRONG)
def test_a_wrong_setting_is_named(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chunker.build(spec)
    assert message in str(caught.value)


def test_the_eight_strategies_are_there() -> None:
    assert chunker.names() == (
        *("hierarchical", "late", "metadata_aware", "page"),
        *("recursive", "regex", "semantic", "sliding_window"),
    )


@pytest.mark.parametrize("name", read_yaml(config_dir() / "chunkers.yaml"))
def test_each_profile_builds(name: str) -> None:
    assert chunker.build(chunker_spec({"kind": name}))


@pytest.mark.parametrize("kind", chunker.names())
def test_the_fingerprint_follows_settings_and_tokenizer(kind: str) -> None:
    embedder = WordHash()
    usual, tiny = chunker.build({"kind": kind}), chunker.build({"kind": kind, **chunker.strategy(kind).tiny})
    prints = {
        usual.fingerprint(tokens=Characters(), embedder=embedder),
        tiny.fingerprint(tokens=Characters(), embedder=embedder),
        usual.fingerprint(tokens=Characters(limit=50), embedder=embedder),
        usual.fingerprint(tokens=Characters(fingerprint="other"), embedder=embedder),
    }
    assert len(prints) == 4
    again = chunker.build({"kind": kind})
    assert usual == again
    assert usual.fingerprint(tokens=Characters(), embedder=embedder) in prints


@pytest.mark.parametrize("kind", chunker.names())
def test_only_what_embeds_depends_on_the_encoder(kind: str) -> None:
    strategy = chunker.build({"kind": kind})
    one, other = (strategy.fingerprint(tokens=Characters(), embedder=WordHash(name)) for name in ("a", "b"))
    assert (one != other) == (kind == "semantic")


def test_late_and_semantic_say_what_their_vectors_are_made_of() -> None:
    mixing = [kind for kind in chunker.names() if isinstance(chunker.build({"kind": kind}), Mixes)]
    assert mixing == ["late", "semantic"]


@pytest.mark.parametrize("spec", [{"kind": "semantic"}, {"kind": "late", "boundaries": {"kind": "semantic"}}])
def test_comparing_sentences_needs_an_encoder(spec: dict[str, Any]) -> None:
    with pytest.raises(EncodeError, match="needs an encoder"):
        list(chunker.build(spec).chunk(Build().document(), tokens=Characters()))
