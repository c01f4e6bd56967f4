"""The chunks of a store through the encoder in one packed call, and nothing else.

`python -m benchmarks._alone TEXTS.json MODEL`: prints the CPU of the whole process.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from encoders import load_encoder


def main(texts: str, model: str) -> None:
    encoder = load_encoder(model)
    read = json.loads(Path(texts).read_text(encoding="utf-8"))
    encoder.embed(read)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "chunks": len(read), "tokens": encoder.usage.encoded}))


if __name__ == "__main__":
    main(*sys.argv[1:])
