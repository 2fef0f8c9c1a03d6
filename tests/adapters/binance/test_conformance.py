"""Binance passes the conformance suite, and random sessions, on the simulated venue."""

from __future__ import annotations

import asyncio
import os

from tests.adapters.binance.harness import BinanceHarness
from tests.adapters.conformance.sessions import run_session
from tests.adapters.conformance.suite import BrokerConformance


class TestBinance(BrokerConformance):
    pass


def test_random_sessions() -> None:
    """As many as PINERY_SEEDS says, from PINERY_FIRST_SEED on."""
    first = int(os.environ.get("PINERY_FIRST_SEED", "0"))
    for seed in range(first, first + int(os.environ.get("PINERY_SEEDS", "8"))):
        asyncio.run(run_session(BinanceHarness(seed), seed))
