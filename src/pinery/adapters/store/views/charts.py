"""Charts of deployments: how each is doing, and the alerts that fired on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.tables import chart_alerts, charts
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import iso, iso_or_none
from pinery.charts.records import AlertOutcome, ChartState, state_at
from pinery.charts.settings import ChartSettings
from pinery.trading.deployments import Deployment
from pinery.trading.store import Tx

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ChartView:
    """``last_bar`` (opening of the last complete bar) and ``market_now`` are times of the market, the others of the
    clock. ``missing``: bars that the feed left out; ``late``: prices that came after their bar was closed;
    ``missed``: alerts of the last 24 hours that should have fired while the chart was down."""

    deployment: str
    account: str
    stage: str
    state: str
    script: str
    sha256: str
    symbol: str
    timeframe: str
    feed: str
    error: str
    bars: int
    last_bar: str | None
    market_now: str | None
    price: float | None
    price_at: str | None
    missing: int
    late: int
    missed: int
    updated: str | None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert of a chart. ``outcome``: sent, missed (recorded only) or caught_up (missed, and sent afterwards)."""

    key: str
    deployment: str
    kind: str
    bar_time: str
    at: str
    title: str
    message: str
    outcome: str


def list_charts(
    tx: Tx, settings: Mapping[str, ChartSettings], deployments: Mapping[str, Deployment], now: int
) -> tuple[ChartView, ...]:
    """Every configured chart; one that nothing is known of is stopped, and so is one that was not heard of lately.
    ``now`` is Unix ms."""
    rows = {row.deployment: row for row in connection(tx).execute(sa.select(charts))}
    missed = _missed(tx, now - _DAY_MS)
    return tuple(
        _chart(rows.get(name), chart, deployments[name], missed.get(name, 0), now)
        for name, chart in settings.items()
        if name in deployments
    )


def list_alerts(tx: Tx, deployment: str, filters: Filters) -> Page[AlertRow]:
    query = sa.select(chart_alerts).where(chart_alerts.c.deployment == deployment)
    searched = (chart_alerts.c.title, chart_alerts.c.message, chart_alerts.c.kind)
    return page(tx, query, chart_alerts.c.at, chart_alerts.c.key, filters, _alert, searched)


def market_times(tx: Tx) -> dict[str, tuple[int, int]]:
    """feed -> (the market's time, the clock's when it was so) by the chart of the feed that was heard of last."""
    query = sa.select(charts.c.feed, charts.c.market_now, charts.c.updated).where(charts.c.market_now.is_not(None))
    rows = connection(tx).execute(query.order_by(charts.c.updated))
    return {row.feed: (row.market_now, row.updated) for row in rows}


def _missed(tx: Tx, since: int) -> dict[str, int]:
    query = (
        sa.select(chart_alerts.c.deployment, sa.func.count())
        .where(chart_alerts.c.outcome == AlertOutcome.MISSED.value, chart_alerts.c.at >= since)
        .group_by(chart_alerts.c.deployment)
    )
    return {row[0]: row[1] for row in connection(tx).execute(query)}


def _chart(row: Any, chart: ChartSettings, deployment: Deployment, missed: int, now: int) -> ChartView:
    if row is None:
        return ChartView(
            deployment=deployment.name,
            account=deployment.account,
            stage=deployment.stage.value,
            state=ChartState.STOPPED.value,
            script=chart.script.name,
            sha256="",
            symbol=chart.symbol,
            timeframe=chart.timeframe,
            feed=chart.feed,
            error="",
            bars=0,
            last_bar=None,
            market_now=None,
            price=None,
            price_at=None,
            missing=0,
            late=0,
            missed=missed,
            updated=None,
        )
    return ChartView(
        deployment=deployment.name,
        account=deployment.account,
        stage=deployment.stage.value,
        state=state_at(ChartState(row.state), row.updated, now).value,
        script=row.script,
        sha256=row.sha256,
        symbol=row.symbol,
        timeframe=row.timeframe,
        feed=row.feed,
        error=row.error,
        bars=row.bars,
        last_bar=iso_or_none(row.last_bar),
        market_now=iso_or_none(row.market_now),
        price=row.price,
        price_at=iso_or_none(row.price_at),
        missing=row.missing,
        late=row.late,
        missed=missed,
        updated=iso(row.updated),
    )


def _alert(row: Any) -> AlertRow:
    return AlertRow(
        row.key, row.deployment, row.kind, iso(row.bar_time), iso(row.at), row.title, row.message, row.outcome
    )
