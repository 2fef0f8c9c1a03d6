"""TradingView's exported trade lists: running a case and grading it by the rubric of the conformance data."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.emulator.trades import TradeRecord
from pinery.engine import compile_script, run
from pinery.lang.source import Source
from pinery.market.files import read_bars
from pinery.market.providers import FileData
from pinery.market.rates import Rates, read_rates
from pinery.runtime.orders import StrategySettings
from pinery.runtime.timeframes import Timeframe

ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "tradingview"


@dataclass(frozen=True)
class Row:
    """One exported trade. Times in Unix ms."""

    number: int
    direction: int
    qty: float
    entry_signal: str
    entry_price: float
    entry_time: int
    exit_signal: str
    exit_price: float
    exit_time: int
    profit: float


def cases() -> list[str]:
    return sorted(p.name for p in (ROOT / "cases").iterdir()) if ROOT.is_dir() else []


@cache
def _bars(name: str) -> BarSeries:
    return read_bars(ROOT / name).bars


@cache
def _rates(name: str) -> Rates:
    return read_rates(ROOT / name)


def case_facts(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "cases" / name / "case.toml").read_text(encoding="utf-8"))


def run_case(name: str) -> tuple[Broker, list[TradeRecord]]:
    facts = case_facts(name)
    prefix, _, ticker = facts["symbol"].partition(":")
    info = facts["symbol_info"]
    instrument = Instrument(
        prefix,
        ticker,
        pricescale=round(1 / info["mintick"]),
        minmove=1,
        pointvalue=info["pointvalue"],
        qty_step=info["qty_step"],
        mincontract=info["qty_step"],
        currency=info["quote_currency"],
        timezone="Etc/UTC",
        session=info["session"],
    )
    bars = _bars(facts["bars"]).between(_ms(facts["first_bar"]), _ms(facts["last_bar"]))
    timeframe = Timeframe.parse(facts["timeframe"], Timeframe(1, "D"))
    text = (ROOT / "cases" / name / "strategy.pine").read_text(encoding="utf-8")
    script = compile_script(Source(text, "strategy.pine"), inputs=dict(facts["inputs"]))
    rates = {(info["quote_currency"], facts["account"]["currency"]): _rates(facts["fx"])}
    broker = Broker(StrategySettings.from_declaration(script.program.declaration), instrument)
    data = FileData(bars, instrument, timeframe, rates=rates)
    run(script, bars, instrument, timeframe, strategy=broker, data=data)
    return broker, broker.trades()


def exported(name: str) -> list[Row]:
    zone = timezone(timedelta(hours=8))
    with (ROOT / "cases" / name / "trades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    found = []
    for out, entry in zip(rows[::2], rows[1::2], strict=True):
        assert out[0] == entry[0]
        assert out[1].startswith("Exit")
        found.append(
            Row(
                int(out[0]),
                1 if entry[1].endswith("long") else -1,
                float(entry[5]),
                entry[3],
                float(entry[4]),
                _local(entry[2], zone),
                out[3],
                float(out[4]),
                _local(out[2], zone),
                float(out[7]),
            )
        )
    return found


def grade(name: str, trades: list[TradeRecord]) -> list[str]:
    """What differs, in words; nothing when the case passes points 1 to 6."""
    facts = case_facts(name)
    deviations = facts.get("deviations", {})
    ungraded = set(deviations.get("ungraded_exits", ()))
    extra = {_ms(t) for t in deviations.get("extra_entries", ())}
    want = exported(name)
    have = [t for t in trades if t.entry_time not in extra]
    key = lambda t: (t.entry_time, -t.direction, t.exit_time, t.qty, t.exit_price)  # noqa: E731
    if ungraded:  # exits differ there, so lots are told apart by their entries only
        key = lambda t: (t.entry_time, -t.direction, t.entry_price, t.qty)  # type: ignore[assignment]  # noqa: E731
    want.sort(key=key)
    have.sort(key=key)
    faults = [] if len(want) == len(have) else [f"{len(have)} trades, TradingView has {len(want)}"]
    for row, trade in zip(want, have, strict=False):
        graded = row.number not in ungraded
        partial = facts["last_bar_partial"] and row.exit_signal == "Open"
        wrong = []
        if row.direction != trade.direction or row.entry_time != trade.entry_time:
            wrong.append("entry")
        if abs(row.entry_price - trade.entry_price) > 0.005:
            wrong.append("entry price")
        if abs(row.qty - trade.qty) > 0.00005:
            wrong.append("qty")
        if row.entry_signal != trade.entry_signal:
            wrong.append("entry signal")
        if graded:
            if row.exit_time != trade.exit_time:
                wrong.append("exit time")
            if not partial and abs(row.exit_price - trade.exit_price) > 0.005:
                wrong.append("exit price")
            if not partial and abs(row.profit - trade.profit) > max(0.0055, abs(row.profit) * 1e-4):
                wrong.append("profit")
            if row.exit_signal != trade.exit_signal:
                wrong.append("exit signal")
        if wrong:
            faults.append(f"{', '.join(wrong)}: TradingView {row}, here {_brief(trade)}")
            if "entry" in wrong:
                break  # the lists have come apart
    return faults


def _brief(trade: TradeRecord) -> str:
    return (
        f"#{trade.number} {trade.direction} {trade.qty} {trade.entry_signal!r} {trade.entry_price} {trade.entry_time}"
        f" -> {trade.exit_signal!r} {trade.exit_price} {trade.exit_time} profit {trade.profit:.4f}"
    )


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _local(text: str, zone: timezone) -> int:
    return _ms(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone))
