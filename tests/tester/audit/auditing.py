"""Audits scripts on a made-up market of hourly bars."""

from __future__ import annotations

from pathlib import Path

from pinery.app.bars import load
from pinery.core.bars import BarSeries
from pinery.engine import compile_script
from pinery.lang.source import Source
from pinery.market.providers import Feed, FileData
from pinery.tester.audit import Audit, Output, Subject, audit

MARKET = load("synthetic:300", timeframe="60")


def subject(text: str, bars: BarSeries = MARKET.bars, feeds: tuple[tuple[str, Path], ...] = ()) -> Subject:
    source = Source(text, "script.pine")
    given = [Feed.parse(f"{name}={path}") for name, path in feeds]
    return Subject(
        compile_script(source),
        bars,
        MARKET.instrument,
        MARKET.timeframe,
        lambda part: FileData(part, MARKET.instrument, MARKET.timeframe, given),
    )


def audited(text: str, realtime_bars: int = 60, cuts: int = 4) -> Audit:
    return audit(subject(text), realtime_bars=realtime_bars, cuts=cuts)


def output(found: Audit, name: str) -> Output:
    return next(o for o in found.outputs if name in (o.name, o.kind))
