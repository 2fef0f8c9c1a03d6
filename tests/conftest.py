"""The order of tests, and how Hypothesis runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, kept nowhere, and no word about a machine that stands still in the middle of one.
settings.register_profile("pinery", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pinery")

#: Modules here share a browser and whole installations, which every process that runs one of them has to start.
_SHARING = Path(__file__).parent / "web"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares much comes first: processes that have nothing left steal from the end of another's list."""
    items.sort(key=lambda item: _SHARING not in item.path.parents)
