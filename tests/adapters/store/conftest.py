from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pinery.adapters.store.database import SqlStore
from tests.stores import KINDS, postgres_store, sqlite_store, store_of, store_url


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    with store_of(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a store that does not exist yet."""
    with store_url(request.param, tmp_path) as given:
        yield given


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[SqlStore]:
    with sqlite_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def server_store() -> Iterator[SqlStore]:
    with postgres_store() as opened:
        yield opened
