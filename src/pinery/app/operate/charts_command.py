"""``pinery charts``: the scripts that run on live bars, and how each is doing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from pinery.app.operate.list_commands import AccountOption, DeploymentOption
from pinery.app.operate.opening import FolderOption, JsonOption, now_us, opened, plain, say, table, when

if TYPE_CHECKING:
    from pinery.adapters.store.views.charts import ChartView
    from pinery.app.operate.opening import PlainTable

NOT_RUNNING = "not running"
_DAY_MS = 86_400_000
_STYLES = {"live": "green", "starting": "cyan", "failed": "bold red"}


@dataclass(frozen=True, slots=True)
class Shown:
    """``alerts`` and ``missed`` of the last 24 hours; ``price_age`` in seconds of the clock."""

    deployment: str
    account: str
    stage: str
    state: str
    script: str
    symbol: str
    timeframe: str
    feed: str
    bars: int
    last_bar: str | None
    market_now: str | None
    price: float | None
    price_age: float | None
    missing: int
    late: int
    alerts: int
    missed: int
    error: str
    updated: str | None


def register(app: typer.Typer) -> None:
    app.command("charts", epilog="Example: pinery charts · pinery charts --deployment es --json")(show_charts)


def show_charts(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Scripts on live bars: state, last bar, age of the price, alerts of the last 24 hours."""
    from pinery.adapters.store.charts import count_alerts
    from pinery.adapters.store.views.charts import list_charts
    from pinery.adapters.store.views.values import to_json

    now = now_us() // 1000
    with opened(folder) as here:
        here.expect(deployment, account)
        configuration = here.configuration
        charts = here.store.read(lambda tx: list_charts(tx, configuration.charts, configuration.deployments, now))
        fired = here.store.read(lambda tx: count_alerts(tx, now - _DAY_MS))
    rows = [
        _shown(chart, fired.get(chart.deployment, 0), now)
        for chart in charts
        if deployment in ("", chart.deployment) and account in ("", chart.account)
    ]
    if as_json:
        print(to_json(rows, indent=2))
    else:
        say(_table(rows) if rows else "no charts: [deployments.NAME.chart] in pinery.toml runs a script on live bars")


def _shown(chart: ChartView, alerts: int, now: int) -> Shown:
    seen = _ms(chart.price_at)
    state = NOT_RUNNING if chart.state == "stopped" else chart.state
    return Shown(
        chart.deployment, chart.account, chart.stage, state, chart.script, chart.symbol,
        chart.timeframe, chart.feed, chart.bars, chart.last_bar, chart.market_now, chart.price,
        None if seen is None else round(max(0, now - seen) / 1000, 1), chart.missing, chart.late, alerts, chart.missed,
        chart.error, chart.updated,
    )  # fmt: skip


def _ms(iso: str | None) -> int | None:
    from datetime import datetime

    return None if iso is None else round(datetime.fromisoformat(iso).timestamp() * 1000)


def _table(rows: list[Shown]) -> PlainTable:
    made = table(
        "Deployment", "State", "Script", "Symbol", "Timeframe", "Last bar", ">Price", ">Age", ">Alerts", ">Missed",
        "Error",
    )  # fmt: skip
    made.columns[-1].no_wrap = False
    for row in rows:
        cells: list[Any] = [
            row.deployment, Text(row.state, _STYLES.get(row.state, "yellow")), row.script, row.symbol, row.timeframe,
            when(row.last_bar)[:16], "" if row.price is None else f"{row.price:.10g}",
            _age(row.price_age), str(row.alerts), str(row.missed), plain(row.error),
        ]  # fmt: skip
        made.add(*cells)
    return made


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} m" if seconds < 6000 else f"{seconds / 3600:.0f} h"
