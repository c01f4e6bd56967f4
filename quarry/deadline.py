"""More time for work that is known to be slow: the timer that ends a parser process at its limit is put off."""

from __future__ import annotations

import signal


def put_off(seconds: float) -> None:
    """Adds to what is left of this process's timer; nothing where none runs."""
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    if left > 0:
        signal.setitimer(signal.ITIMER_REAL, left + seconds)
