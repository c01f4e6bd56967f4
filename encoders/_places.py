"""Which devices the environment names for encoders. Imports no torch: nonsense is told before any work."""

from __future__ import annotations

import os
import re

from quarry.errors import ConfigError

VARIABLE = "QUARRY_ENCODER_DEVICES"
_PLACE = re.compile(r"cpu|cuda:\d+")


def named() -> tuple[str, ...]:
    """`cuda:0,cuda:2` or `cpu,cpu`, one process for each; empty where it names none. ConfigError for nonsense."""
    text = os.environ.get(VARIABLE, "").strip()
    places = tuple(part.strip() for part in text.split(",")) if text else ()
    for place in places:
        if not _PLACE.fullmatch(place):
            raise ConfigError(f"{VARIABLE} names {place!r}; it takes cuda:NUMBER or cpu, separated by commas")
    if len({place.partition(":")[0] for place in places}) > 1:
        raise ConfigError(f"{VARIABLE} is {text!r}: vectors of one run come from one kind of device; name GPUs or cpu")
    return places
