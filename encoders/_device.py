"""Where the network runs and in which number type."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import __version__ as transformers

from encoders._places import VARIABLE
from quarry.errors import ConfigError
from quarry.settings import Precision

_log = logging.getLogger(__name__)
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
        """What may change the last digits of a vector: the device's model, the number type, the libraries.

        Not which device of that model it is, nor how many there are.
        """
        dtype = "int8" if self.int8 else str(self.dtype).removeprefix("torch.")
        return f"{_device_name(self.device)} {dtype} torch {torch.__version__} transformers {transformers}"

    def enter(self) -> None:
        """For the thread that calls: else pinned memory would take a context on the first GPU as well."""
        if self.on_gpu:
            torch.cuda.set_device(self.device)


def setups(precision: Precision = "auto", named: Sequence[str] = ()) -> tuple[Setup, ...]:
    """One for each device that texts are spread over, all of one `name`: those `named`, else every GPU of the first
    one's model in bfloat16, else the processor in float32.

    bfloat16 on a processor is not chosen by itself, however fast: its vectors differ from other machines' in the third
    digit. int8 runs on the processor even beside a GPU. ConfigError where a device is not there or can't do it.
    """
    devices = _found(named) if named else _alike() if precision != "int8" else []
    devices = devices or [torch.device("cpu")]
    on_gpu = devices[0].type == "cuda"
    if precision == "int8" and on_gpu:
        raise ConfigError(
            f"int8 runs on the processor, {VARIABLE} names GPUs; set it to cpu, or encoder.precision=auto"
        )
    chosen = precision if precision != "auto" else "bfloat16" if on_gpu else "float32"
    if chosen == "bfloat16" and on_gpu and not torch.cuda.is_bf16_supported():
        raise ConfigError(f"{_device_name(devices[0])} has no bfloat16; set encoder.precision=float32")
    return tuple(Setup(device, DTYPES[chosen], int8=chosen == "int8") for device in devices)


def _alike() -> list[torch.device]:
    """GPUs of the first one's model, since a generation knows the model that made its vectors."""
    every = [torch.device("cuda", number) for number in range(_gpus())]
    alike = [device for device in every if _device_name(device) == _device_name(every[0])]
    if others := [f"{device} ({_device_name(device)})" for device in every if device not in alike]:
        _log.warning("encoding on %d of %s; left out: %s", len(alike), _device_name(every[0]), ", ".join(others))
    return alike


def _found(named: Sequence[str]) -> list[torch.device]:
    devices = [torch.device(place) for place in named]
    for device in devices:
        if device.type == "cuda" and device.index >= _gpus():
            raise ConfigError(f"{VARIABLE} names {device}, torch finds {_gpus()} GPUs here")
    if len(models := {_device_name(device) for device in devices}) > 1:
        raise ConfigError(f"{VARIABLE} names {', '.join(sorted(models))}; vectors of one run come from one model")
    return devices


def _gpus() -> int:
    """That work: the driver may list some that this torch can't use."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"
