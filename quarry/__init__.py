"""Quarry's vocabulary: types, errors, registry, settings and fingerprints. It imports nothing else of ours."""

from quarry.privacy import disable_telemetry

__version__ = "0.1.0"

disable_telemetry()  # before any library that reports home can be imported through us
