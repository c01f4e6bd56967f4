"""What holds for every test: hypothesis without a clock, since machines are noisy, and the same examples on CI."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("quarry", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("quarry")
