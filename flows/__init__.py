"""Prefect flows over `pipeline`: the only place that imports prefect."""
