"""Quarry's vocabulary: types, errors, registry, settings and fingerprints. It imports nothing else of ours."""

__version__ = "0.1.0"
