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
from pinery.app.stages.desk import StageDesk
from pinery.app.studio.backtests import BacktestDesk
from pinery.app.studio.backups import InstalledBackups
from pinery.app.studio.checking import ScriptChecker
from pinery.app.studio.language import language
from pinery.app.studio.scripts import ScriptFolder, bundled_library
from pinery.app.up.market_times import MarketTimes
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.control.viewing import Views
from pinery.market.symbols import lookup
from pinery.trading.clock import Clock
from pinery.trading.deployments import Deployment
from pinery.web import static_folder


def control_app(
    watcher: Watcher, store: SqlStore, clock: Clock, stopping: asyncio.Event, views: Views | None = None
) -> FastAPI:
    figures = Figures(store)
    scripts = ScriptFolder(watcher.fresh, bundled_library())
    backtests = BacktestDesk(watcher.fresh, clock)

    folder = watcher.current.folder
    times = MarketTimes(store, clock, folder, lambda symbol: lookup(symbol, watcher.fresh().symbol_table))

    def risk(deployment: Deployment) -> Mapping[str, Any] | None:
        quotes = store.read(lambda tx: tx.standings.quotes())
        prices = {symbol: quote.price for symbol, quote in quotes.items()}
        rows = risk_table(watcher.fresh(), prices)
        return next((asdict(row) for row in rows if row.deployment == deployment.name), None)

    return create_app(
        watcher.current.control,
        store,
        watcher.fresh,
        clock,
        metrics=lambda: render(figures, clock.now()),
        risk=risk,
        stopping=stopping.is_set,
        services=Services(
            pages=static_folder(),
            folder=folder,
            store_url=store.url,
            figures=figures.collect,
            backups=InstalledBackups(watcher.fresh, store, clock),
            staging=StageDesk(folder, store, clock.now, backtests.verdict, scripts.path),
            scripts=scripts,
            checker=ScriptChecker(watcher.fresh),
            language=language,
            backtests=backtests,
            market_now=times.now,
            views=views,
        ),
    )
