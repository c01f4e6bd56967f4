"""Prefect flows over `pipeline`: the only place that imports prefect."""

import os

import quarry  # noqa: F401 - switches Prefect's telemetry off before it is imported

# A cold start of the embedded server takes longer than its default of 20 s on a busy machine.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
