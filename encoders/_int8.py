"""Linear layers in 8-bit integers on processors: what each token holds is rounded by that token's own range.

A range that tokens share (of the tensor, as torch's own dynamic quantisation has it) would make a vector depend on what
else is in the row. Weights are rounded by the range of each output (Dettmers et al. 2022, "LLM.int8()", §2.1 and §3.1).
"""

from __future__ import annotations

import torch

from quarry.errors import ConfigError

LARGEST = 127
ZERO = 128
"""Tokens are bytes without a sign, the only ones that VNNI multiplies with signed weights."""
LEAST = 1e-12
"""Range of a token or an output that is all zeros."""
BLOCK = 256
"""Tokens at once: what is between two steps of them stays in the cache."""


class Int8Linear(torch.nn.Module):
    """As a `torch.nn.Linear` in float32: the sums are exact in 32 bits, only the two factors are rounded."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        steps = weight.abs().amax(dim=1).clamp_min(LEAST) / LARGEST
        self._weight = _packed((weight / steps[:, None]).round().to(torch.int8))
        self._steps = steps / LARGEST
        self._zeros = torch.zeros(len(steps), dtype=torch.int32)
        self._bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """`(..., in)` to `(..., out)`, float32."""
        rows = values.reshape(-1, values.shape[-1])
        out = rows.new_empty(len(rows), len(self._steps))
        for first in range(0, len(rows), BLOCK):
            self._fill(out[first : first + BLOCK], rows[first : first + BLOCK])
        return out.view(*values.shape[:-1], -1)

    def _fill(self, out: torch.Tensor, rows: torch.Tensor) -> None:
        scratch = rows.abs()
        ranges = scratch.amax(dim=1, keepdim=True).clamp_min_(LEAST)
        rounded = torch.mul(rows, LARGEST / ranges, out=scratch).round_().add_(ZERO).to(torch.uint8)
        sums = _product(rounded, self._weight, self._steps, self._zeros)
        if self._bias is None:
            torch.mul(sums, ranges, out=out)
        else:
            torch.addcmul(self._bias, sums, ranges, out=out)


def to_int8(model: torch.nn.Module) -> None:
    """Every linear layer of `model`, in place. ConfigError where this processor has no exact product of bytes."""
    _check_exact()
    layers = [(name, module) for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    for name, module in layers:
        model.set_submodule(name, Int8Linear(module))


def _check_exact() -> None:
    """Processors without VNNI or AMX add pairs of products in 16 bits, which overflow, or halve the weights."""
    size = 64
    weight = torch.full((size, size), LARGEST, dtype=torch.int8)
    try:
        steps, zeros = torch.ones(size), torch.zeros(size, dtype=torch.int32)
        made = _product(torch.full((size, size), ZERO + LARGEST, dtype=torch.uint8), _packed(weight), steps, zeros)
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ConfigError(f"torch {torch.__version__} multiplies no int8 here ({reason}); {_INSTEAD}") from error
    if not bool((made == size * LARGEST**2).all()):
        raise ConfigError(f"this processor has no exact product of bytes (VNNI or AMX); {_INSTEAD}")


_INSTEAD = "set encoder.precision=float32, and backfill what was made in int8"


def _packed(weight: torch.Tensor) -> torch.Tensor:
    """`(out, in)` int8 in the layout that the product wants."""
    packed: torch.Tensor = torch.ops.onednn.qlinear_prepack(weight, None)
    return packed


def _product(rows: torch.Tensor, weight: torch.Tensor, steps: torch.Tensor, zeros: torch.Tensor) -> torch.Tensor:
    """`(rows, out)` float32: sums of products, times the step of each output."""
    made: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
        rows, 1.0, ZERO, weight, steps, zeros, None, 1.0, 0, torch.float32, "none", [], ""
    )
    return made
