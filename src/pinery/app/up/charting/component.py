"""What a chart process does."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx

from pinery.app.up.charting.host import Host
from pinery.app.up.charting.markets import Markets
from pinery.app.up.charting.runner import Surroundings as ChartSurroundings
from pinery.engine.compile import STACK
from pinery.market.symbols import lookup

if TYPE_CHECKING:
    from pinery.app.up.component import Surroundings

_LOADERS = 2  # scripts that are loaded side by side: they share one interpreter


async def run_charts(around: Surroundings) -> None:
    """Until the process is asked to stop."""
    # For all threads alike: compiling and running raise and restore it, each for itself.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), STACK))
    configuration = around.configuration
    markets = Markets(
        around.store,
        around.clock,
        configuration.folder,
        lambda symbol: lookup(symbol, around.configuration.symbol_table),
        lambda name: around.configuration.secrets.value(name),
    )
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        shared = ChartSurroundings(
            around.store,
            around.clock,
            markets,
            lambda: around.configuration,
            around.recorder.observe,
            client,
            asyncio.Semaphore(_LOADERS),
            around.log,
            around.owner,
        )
        try:
            await Host(shared).run(around.stopping)
        finally:
            await markets.close()
