"""Text to vectors. Counting tokens (`encoders.tokens`) needs no torch; encoding loads the model at first use."""

from __future__ import annotations

from encoders.transformer import Transformer
from quarry.settings import Precision


def load_encoder(
    profile: str, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
) -> Transformer:
    """The encoder of a profile or model folder. ModelError in one line where the model is missing."""
    return Transformer.load(profile, dim=dim, dtype=dtype, precision=precision)
