"""Measurements, each run on its own: `python -m benchmarks.NAME`. They print a table and write JSON with --json."""
