"""Routes that show deployments' charts and the markets that they run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from fastapi import APIRouter
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.charts import AlertRow, ChartView, list_alerts, list_charts, market_times
from pinery.adapters.store.views.paging import Page
from pinery.adapters.store.views.values import Number, iso_or_none
from pinery.charts.settings import FeedSettings
from pinery.gateway.control.answers import answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.reading import Recorded
from pinery.gateway.control.requests import Name
from pinery.trading.control import near
from pinery.trading.errors import NotFound

_FRESH_MS = 60_000  # a chart that was not heard of for longer does not tell the market's time


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """A market by name. ``speed``: market time per clock time; ``market_now`` is null before it has begun, which it
    does when a chart or an account first asks for it."""

    name: str
    kind: str
    speed: Number
    symbols: tuple[str, ...]
    market_now: str | None


def chart_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    read = parts.store.read

    @router.get("/charts", response_model=tuple[ChartView, ...])
    def get_charts() -> Response:
        """Charts of deployments and how they are doing."""
        configuration, now = parts.configuration(), parts.clock.now()
        return answer(read(lambda tx: list_charts(tx, configuration.charts, configuration.deployments, now)))

    @router.get("/charts/{name}/alerts", response_model=Page[AlertRow])
    def get_alerts(name: Name, filters: Recorded) -> Response:
        """Alerts that fired on a deployment's chart, missed ones too, newest first."""
        deployments = parts.configuration().deployments
        if name not in deployments:
            raise NotFound(f"there is no deployment named {name!r}", near(name, deployments, "none is configured"))
        return answer(read(lambda tx: list_alerts(tx, name, filters)))

    @router.get("/feeds", response_model=tuple[FeedAnswer, ...])
    def get_feeds() -> Response:
        """Markets as configured, and what time it is there."""
        times, now = read(market_times), parts.clock.now()
        ask = parts.services.market_now or (lambda feed: None)
        return answer([_feed(feed, times.get(feed.name), now, ask) for feed in parts.configuration().feeds.values()])

    return router


def _feed(
    feed: FeedSettings, told: tuple[int, int] | None, now: int, ask: Callable[[FeedSettings], int | None]
) -> FeedAnswer:
    speed = Decimal(str(feed.options.get("speed", 1)))
    symbols = tuple(sorted(str(symbol).upper() for symbol in feed.options.get("bars", ())))
    if told is not None and now - told[1] <= _FRESH_MS:
        market_now: int | None = told[0] + int(max(0, now - told[1]) * speed)
    else:
        market_now = ask(feed)
    return FeedAnswer(feed.name, feed.kind, speed, symbols, iso_or_none(market_now))
