"""The order of tests."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Modules here share a browser and whole installations, which every process that runs one of them has to start.
_SHARING = Path(__file__).parent / "web"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares much comes first: processes that have nothing left steal from the end of another's list."""
    items.sort(key=lambda item: _SHARING not in item.path.parents)
