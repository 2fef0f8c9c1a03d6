"""Initial margins of futures, per contract: the package's approximations (``margins.toml``) or configured ones."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files


@cache
def built_in() -> Mapping[str, Decimal]:
    """Approximate initial margins by futures root, in USD; the file says of when."""
    text = files("pinery.trading").joinpath("margins.toml").read_text(encoding="utf-8")
    return {root: Decimal(margin) for root, margin in tomllib.loads(text)["initial"].items()}


def initial_margin(root: str, configured: Mapping[str, Decimal] | None = None) -> Decimal | None:
    """Of one contract of a future: as configured, else the package's approximation, else None."""
    own = (configured or {}).get(root)
    return own if own is not None else built_in().get(root)
