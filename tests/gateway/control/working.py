"""The real services of an installation with two scripts and a market, for the API in front of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinery.app.studio.backtests import BacktestDesk
from pinery.app.studio.checking import ScriptChecker
from pinery.app.studio.language import language
from pinery.app.studio.scripts import ScriptFolder
from pinery.gateway.control.services import Services
from tests.app.studio.conftest import install
from tests.gateway.control.filling import TestClock


@contextmanager
def working(folder: Path) -> Iterator[Services]:
    home = folder / "installation"
    home.mkdir()
    configuration = install(home)
    checker = ScriptChecker(lambda: configuration, seconds=60, patience=60)
    backtests = BacktestDesk(lambda: configuration, TestClock())
    try:
        yield Services(
            folder=folder,
            scripts=ScriptFolder(lambda: configuration, None),
            checker=checker,
            language=language,
            backtests=backtests,
        )
    finally:
        checker.close()
        backtests.close()
