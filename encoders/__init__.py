"""Text to vectors, one back end a file. Counting tokens (`encoders.tokens`) needs no torch; encoding loads the model at
first use.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from encoders import profiles
from encoders.profiles import DEFAULT_BACKEND, Profile
from quarry.encoding import Encoder
from quarry.errors import ConfigError
from quarry.registry import Registry
from quarry.settings import Precision


class Backend(Protocol):
    """What runs a model. Its fields are its settings: `backend: {kind: ..., ...}` of a profile."""

    kind: ClassVar[str]
    """File name, set by the decorator."""

    def load(self, chosen: Profile, *, dim: int | None, dtype: str, precision: Precision) -> Encoder:
        """Without reading weights. ModelError in one line where the model is missing."""


encoder: Registry[Backend] = Registry(
    "encoders", frozenset({"around", "catalogue", "outputs", "profiles", "reranker", "selftest", "tokens"})
)


def load_encoder(
    profile: str, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
) -> Encoder:
    """The encoder of a profile, a profile's YAML file or a model folder. ModelError in one line where it is missing."""
    return encoder_of(profiles.profile(profile), dim=dim, dtype=dtype, precision=precision)


def encoder_of(
    chosen: Profile, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
) -> Encoder:
    """As `load_encoder`, of a profile at hand. ConfigError for int8 where another program computes."""
    if precision == "int8" and chosen.backend.get("kind") != DEFAULT_BACKEND:
        raise ConfigError(
            f"encoder {chosen.name!r}: its backend {chosen.backend.get('kind')!r} computes as it likes; "
            "set encoder.precision=auto"
        )
    documents = encoder.build(chosen.backend).load(chosen, dim=dim, dtype=dtype, precision=precision)
    if chosen.query is None:
        return documents
    from encoders._asymmetric import Asymmetric

    return Asymmetric(documents, encoder_of(chosen.query, dim=dim, dtype=dtype, precision=precision))
