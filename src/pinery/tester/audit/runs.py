"""The runs that an audit compares: whole, cut short, with another future, and bar by bar as in realtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine import CompiledScript
from pinery.engine.live import Live
from pinery.engine.run import Chart, open_chart
from pinery.engine.updates import BarUpdate
from pinery.runtime.context import Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategySettings
from pinery.runtime.requests import DataPort
from pinery.runtime.timeframes import Timeframe
from pinery.tester.audit.data import AnotherFuture, UpTo, another_future
from pinery.tester.audit.others import Others
from pinery.tester.audit.seen import Key, Seen, Watch, equal

Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A script and its chart. ``data(bars)`` answers requests of a chart that has these bars."""

    script: CompiledScript
    bars: BarSeries
    instrument: Instrument
    timeframe: Timeframe
    data: Callable[[BarSeries], DataPort]
    limits: Limits | None = None
    clock: Callable[[], float] = float
    memory: Callable[[], int] = int

    def open(self, bars: BarSeries, data: DataPort | None = None) -> Chart:
        declaration = self.script.program.declaration
        settings = StrategySettings.from_declaration(declaration)
        # Evaluations inside bars are not part of what is compared.
        settings = replace(settings, calc_on_order_fills=False, calc_on_every_history_tick=False)
        trades = self.script.program.kind == "strategy"
        return open_chart(
            self.script,
            bars,
            self.instrument,
            self.timeframe,
            strategy=Broker(settings, self.instrument) if trades else NoBroker(settings, self.instrument),
            data=data or self.data(bars),
            limits=self.limits,
            clock=self.clock,
            memory=self.memory,
        )


def whole(subject: Subject, step: Step, drawings_at: tuple[int, ...] = ()) -> Seen:
    """Every bar once. Drawings are written down after the bars ``drawings_at``."""
    watch = Watch(subject.open(subject.bars))
    for i in range(len(watch.chart.bars)):
        watch.history(i)
        if i in drawings_at:
            watch.note_drawings(i)
        step()
    return watch.seen


def cut(subject: Subject, count: int, step: Step) -> Seen:
    """The first ``count`` bars, as if there were no others yet."""
    bars = subject.bars.slice(0, count)
    watch = Watch(subject.open(bars, UpTo(subject.data(bars), int(subject.bars.time[count]))))
    for i in range(count):
        watch.history(i)
        step()
    watch.note_drawings(count - 1)
    return watch.seen


def later_start(subject: Subject, first: int, step: Step) -> Seen:
    """The bars from ``first`` on, numbered as in the whole run, as if nothing had been loaded before them."""
    bars = subject.bars.slice(first, len(subject.bars))
    watch = Watch(subject.open(bars))
    for i in range(len(bars)):
        watch.history(i)
        step()
    marks = {key: {first + i: value for i, value in found.items()} for key, found in watch.seen.marks.items()}
    return Seen(marks)


def otherwise(subject: Subject, count: int, step: Step) -> Seen:
    """The first ``count`` bars, with as many bars to come as there are, at other prices."""
    bars = another_future(subject.bars, count)
    data = AnotherFuture(subject.data(bars), int(subject.bars.time[count]), subject.data(subject.bars))
    watch = Watch(subject.open(bars, data))
    for i in range(count):
        watch.history(i)
        step()
    watch.note_drawings(count - 1)
    return watch.seen


@dataclass(slots=True)
class Realtime:
    """``closed``: what the last update of each bar showed. ``moving``: what the earlier ones did, by bar.
    ``sites``: requests whose answer moved inside a bar."""

    closed: Seen
    moving: dict[int, list[dict[Key, Any]]]
    sites: set[int]


def realtime(subject: Subject, first: int, step: Step) -> Realtime:
    """Bars before ``first`` as history, the others as updates: open, one extreme, the other, close."""
    bars = subject.bars
    everything = subject.data(bars)
    watch = Watch(subject.open(bars.slice(0, first), UpTo(everything, int(bars.time[first]))))
    live = Live(watch.chart, watch.live_broker)
    found = Realtime(watch.seen, {}, set())
    for count in live.load():
        watch.note(count - 1)
        step()
    others = Others(live, everything)
    every_update = _every_update(subject)
    for i in range(first, len(bars)):
        answers: dict[int, Any] = {}
        moments = list(updates(subject, i))
        for update in moments if every_update else [whole_bar(moments)]:
            others.go_on(update)
            watch.begin(i)
            live.update(update)
            watch.note(i)
            for site, given in watch.seen.answers.items():
                if i in given and not equal(answers.setdefault(site, given[i]), given[i]):
                    found.sites.add(site)
            if not update.is_last:
                found.moving.setdefault(i, []).append(
                    {key: marks[i] for key, marks in watch.seen.marks.items() if i in marks}
                )
        watch.note_drawings(i)
        step()
    return found


def _every_update(subject: Subject) -> bool:
    """Strategies run at the close of a realtime bar, unless they ask for more; that needs a broker that
    takes orders back, so they are followed at the close too."""
    return subject.script.program.kind != "strategy"


def updates(subject: Subject, i: int) -> Iterator[BarUpdate]:
    """Four moments of bar ``i``: the extreme nearer to the open comes first, as the broker emulator has it."""
    bars = subject.bars
    o, h, l, close, volume = (float(c[i]) for c in (bars.open, bars.high, bars.low, bars.close, bars.volume))  # noqa: E741
    start = int(bars.time[i])
    end = subject.timeframe.bucket_close(start, subject.instrument)
    near, far = (h, l) if h - o < o - l else (l, h)
    third = (end - start) // 3
    yield BarUpdate(start, o, o, o, o, 0.0, start, is_first=True)
    yield BarUpdate(start, o, max(o, near), min(o, near), near, volume * 0.3, start + third)
    yield BarUpdate(start, o, h, l, far, volume * 0.7, start + 2 * third)
    yield BarUpdate(start, o, h, l, close, volume, end, is_last=True)


def whole_bar(moments: list[BarUpdate]) -> BarUpdate:
    """The same bar in one update."""
    return replace(moments[-1], is_first=True)
