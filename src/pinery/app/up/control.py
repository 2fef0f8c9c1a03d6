"""The control API with all that it is told by the rows above it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from pinery.adapters.metrics.exposition import render
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.figures import Figures
from pinery.app.config.risk_table import risk_table
from pinery.app.config.watching import Watcher
from pinery.gateway.control.application import create_app
from pinery.trading.clock import Clock
from pinery.trading.deployments import Deployment


def control_app(watcher: Watcher, store: SqlStore, clock: Clock, stopping: asyncio.Event) -> FastAPI:
    figures = Figures(store)

    def risk(deployment: Deployment) -> Mapping[str, Any] | None:
        quotes = store.read(lambda tx: tx.standings.quotes())
        prices = {symbol: quote.price for symbol, quote in quotes.items()}
        rows = risk_table(watcher.current, prices)
        return next((asdict(row) for row in rows if row.deployment == deployment.name), None)

    return create_app(
        watcher.current.control,
        store,
        lambda: watcher.current,
        clock,
        metrics=lambda: render(figures, clock.now()),
        risk=risk,
        stopping=stopping.is_set,
    )
