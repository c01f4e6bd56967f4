"""Dense modules after the pooling: a few small layers, in float32 on the processor, whatever runs the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from safetensors.torch import load_file

from encoders._folder import Dense
from encoders._pooling import Array


class Projection:
    """`(texts, features in)` -> `(texts, features out)`, both float32."""

    def __init__(self, modules: Sequence[Dense]) -> None:
        self._layers = [_linear(module) for module in modules]

    def __call__(self, vectors: Array) -> Array:
        with torch.inference_mode():
            out = torch.from_numpy(vectors)
            for layer in self._layers:
                out = layer(out)
        result: Array = out.numpy()
        return result


def _linear(module: Dense) -> torch.nn.Sequential:
    layer = torch.nn.Linear(module.in_features, module.out_features, bias=module.bias)
    weights = {name.removeprefix("linear."): value.float() for name, value in load_file(module.weights).items()}
    layer.load_state_dict(weights)
    activation: torch.nn.Module = getattr(torch.nn, module.activation)()
    return torch.nn.Sequential(layer, activation).eval()
