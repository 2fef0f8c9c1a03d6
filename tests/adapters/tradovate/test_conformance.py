"""The account at Tradovate passes the conformance suite, and random sessions, on the simulated venue."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.adapters.conformance.sessions import run_session
from tests.adapters.conformance.suite import BrokerConformance
from tests.adapters.tradovate.harness import TradovateHarness


class TestTradovate(BrokerConformance):
    pass


def test_random_sessions() -> None:
    """As many as PINERY_SEEDS says."""
    for seed in range(int(os.environ.get("PINERY_SEEDS", "8"))):
        with TemporaryDirectory() as folder:
            asyncio.run(run_session(TradovateHarness(Path(folder), seed=seed), seed))
