"""Where the network runs and in which number type."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import __version__ as transformers

from quarry.errors import ConfigError
from quarry.settings import Precision

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.float32}
"""What is between the layers; of int8, the linear layers' factors alone have 8 bits."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A device and the precision of the weights on it."""

    device: torch.device
    dtype: torch.dtype
    int8: bool = False
    """Linear layers multiply bytes."""

    @property
    def on_gpu(self) -> bool:
        return self.device.type == "cuda"

    @property
    def name(self) -> str:
        """What may change the last digits of a vector: the device's model, the number type, the libraries."""
        dtype = "int8" if self.int8 else str(self.dtype).removeprefix("torch.")
        return f"{_device_name(self.device)} {dtype} torch {torch.__version__} transformers {transformers}"


def setup(precision: Precision = "auto") -> Setup:
    """A GPU where torch finds one, in bfloat16; else the processor, in float32.

    bfloat16 on a processor is not chosen by itself, however fast: its vectors differ from other machines' in the third
    digit. int8 runs on the processor even beside a GPU. ConfigError where the GPU has no bfloat16.
    """
    device = torch.device("cuda" if torch.cuda.is_available() and precision != "int8" else "cpu")
    chosen = precision if precision != "auto" else "bfloat16" if device.type == "cuda" else "float32"
    if chosen == "bfloat16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise ConfigError(f"{_device_name(device)} has no bfloat16; set encoder.precision=float32")
    return Setup(device, DTYPES[chosen], int8=chosen == "int8")


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"
