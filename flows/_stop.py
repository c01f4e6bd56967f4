"""A flow run that is told to stop is gone within seconds, whatever its threads are at."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

GRACE_S = 3.0
"""For Prefect to note how the run ended. A worker kills what is still there after 30 s; 10 s are our law."""


def end_embedded_server() -> None:
    """Prefect does that when the interpreter exits, which a run that is stopped doesn't wait for."""
    from prefect.server.api.server import SubprocessASGIServer  # a whole web server: runs of a worker don't load it

    process = SubprocessASGIServer().server_process
    if process is not None:
        process.terminate()


def _leave() -> None:
    end_embedded_server()
    os._exit(128 + signal.SIGTERM)


@contextmanager
def when_stopped(do: Callable[[], None]) -> Iterator[None]:
    """`do` where a signal ends the block; an error is no signal."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        do()
        raise


def leaving_soon() -> AbstractContextManager[None]:
    """Around the work of a flow: when a signal ends it, the process doesn't wait for a model.

    The interpreter joins the encoding thread before it exits, and a batch of a large model takes minutes. What that
    batch would have brought is thrown away in any case.
    """
    return when_stopped(_leave_soon)


def _leave_soon() -> None:
    leave = threading.Timer(GRACE_S, _leave)
    leave.daemon = True
    leave.start()
