"""The network of a cross-encoder: pairs in, one logit each out, packed where the architecture allows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification
from transformers.utils import logging as transformers_logging

from encoders._attention import ATTENTION, Row, running
from encoders._pooling import Array
from quarry.errors import EncodeError, ModelError

if TYPE_CHECKING:
    from encoders.reranker import Pair

HEADS = ("bert", "modernbert")
"""Model types that run packed: how they go on from the states of one pair is known here."""


class PairNetwork:
    """Float32, with one output, or two of which the second stands for relevant."""

    def __init__(self, folder: Path, *, typed: bool) -> None:
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
        self._typed = typed
        model, report = _loaded(folder)
        if report["missing_keys"] or model.config.num_labels not in (1, 2):
            raise ModelError(
                f"{folder} is no cross-encoder: it has {model.config.num_labels} outputs and lacks the weights of "
                f"{len(report['missing_keys'])} parts; choose a reranker",
                path=str(folder),
            )
        self._kind = str(model.config.model_type)
        self._model = model.eval()
        if self._kind in HEADS:
            model.base_model.set_attn_implementation(ATTENTION)
        self._pad = int(model.config.pad_token_id or 0)

    def logits(self, pairs: Sequence[Pair]) -> Array:
        """`(len(pairs),)` float32. EncodeError where torch gives up."""
        run = self._packed if self._kind in HEADS else self._padded
        try:
            with torch.inference_mode():
                found = run(pairs).float().numpy()
        except (RuntimeError, IndexError) as error:
            what = " ".join(str(error).split())[:200]
            raise EncodeError(f"the reranker broke on {len(pairs)} passages: {what}") from error
        scores: Array = found[:, 0] if found.shape[1] == 1 else found[:, 1] - found[:, 0]
        return scores

    def _packed(self, pairs: Sequence[Pair]) -> torch.Tensor:
        """One row without padding; equal lengths stand together."""
        order = sorted(range(len(pairs)), key=lambda number: len(pairs[number].ids))
        lengths = [len(pairs[number].ids) for number in order]
        inputs: dict[str, Any] = {
            "input_ids": torch.tensor([[token for number in order for token in pairs[number].ids]]),
            "position_ids": torch.cat([torch.arange(length) for length in lengths])[None],
        }
        if self._typed:
            inputs["token_type_ids"] = torch.tensor([[kind for number in order for kind in pairs[number].types]])
        with running(Row.of(lengths, torch.device("cpu"))):
            states = self._model.base_model(**inputs).last_hidden_state[0].split(lengths)
        found = torch.empty(len(pairs), self._model.config.num_labels)
        found[torch.tensor(order)] = self._head(states)
        return found

    def _head(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        """As each architecture's own class goes on from the states of one pair."""
        model = self._model
        firsts = torch.stack([state[0] for state in states])
        if self._kind == "bert":
            pooled = model.bert.pooler(firsts[:, None])
        else:
            mean = model.config.classifier_pooling == "mean"
            pooled = model.head(torch.stack([state.mean(dim=0) for state in states]) if mean else firsts)
        logits: torch.Tensor = model.classifier(pooled)
        return logits

    def _padded(self, pairs: Sequence[Pair]) -> torch.Tensor:
        width = max(len(pair.ids) for pair in pairs)
        gaps = [[0] * (width - len(pair.ids)) for pair in pairs]
        inputs: dict[str, Any] = {
            "input_ids": torch.tensor([[*p.ids, *[self._pad] * len(gap)] for p, gap in zip(pairs, gaps, strict=True)]),
            "attention_mask": torch.tensor([[1] * len(p.ids) + gap for p, gap in zip(pairs, gaps, strict=True)]),
        }
        if self._typed:
            inputs["token_type_ids"] = torch.tensor([[*p.types, *gap] for p, gap in zip(pairs, gaps, strict=True)])
        logits: torch.Tensor = self._model(**inputs).logits
        return logits


def _loaded(folder: Path) -> tuple[Any, Any]:
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its report of weights is our one line
    try:
        found: tuple[Any, Any] = AutoModelForSequenceClassification.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="sdpa",
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{folder}: transformers can't load this reranker: {reason}", path=str(folder)) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    return found
