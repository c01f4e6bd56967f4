"""Nothing reports home: the switches of every library that would, set before it is imported."""

import os

SWITCHES = {
    "DO_NOT_TRACK": "1",  # unstructured, Prefect's client
    "SCARF_NO_ANALYTICS": "true",  # unstructured
    "UNSTRUCTURED_DISABLE_NOTICE": "1",  # its advert on stdout
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",  # Prefect's server heartbeat
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",  # models come from disk; `HF_HUB_OFFLINE=0` lets a profile be fetched by hand
    "LANCEDB_LOG": "error",  # its k-means warns about every list of equal vectors
    "TOKENIZERS_PARALLELISM": "false",  # its thread pool warns in every process that forks later
}


def disable_telemetry() -> None:
    """What the user has set stays as it is."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
