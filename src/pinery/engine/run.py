"""A historical run: every bar once, in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.engine.compile import CompiledScript
from pinery.engine.instance import Instance, columns_of
from pinery.engine.requests import Requests
from pinery.engine.snapshot import Snapshot, Snapshots
from pinery.ir import nodes as n
from pinery.runtime.context import Limits, Runtime
from pinery.runtime.drawings.store import Drawings
from pinery.runtime.orders import BarBroker
from pinery.runtime.outputs import Outputs, OutputSpec
from pinery.runtime.requests import DataPort, NullData
from pinery.runtime.strategy import StrategyPort
from pinery.runtime.timeframes import Timeframe

Progress = Callable[[int, int], None]
REPORT_EVERY = 512  # bars between two progress reports


@dataclass(slots=True)
class RunResult:
    """What a run produced. ``declaration`` holds the arguments of indicator() or strategy()."""

    bars: BarSeries
    instrument: Instrument
    timeframe: Timeframe
    kind: str
    declaration: dict[str, Any]
    inputs: list[n.InputDecl]
    outputs: Outputs
    drawings: Drawings
    strategy: StrategyPort
    warnings: list[str]
    runtime: Runtime


def outputs_of(script: CompiledScript, limits: Limits) -> Outputs:
    """Empty output records for a script's plots and alert conditions."""
    source = script.sources[0]
    specs = [
        OutputSpec(
            decl.index, decl.kind, decl.args.get("title"), decl.args, decl.series, source.position(decl.span.start)[0]
        )
        for decl in script.program.outputs
    ]
    return Outputs(specs, limits.max_log_records)


def limits_of(declaration: Mapping[str, Any], limits: Limits) -> Limits:
    """The script's own drawing counts, as far as TradingView allows them; 50 is what a script has that names none."""
    wanted = {
        "max_labels": ("max_labels_count", 500),
        "max_lines": ("max_lines_count", 500),
        "max_boxes": ("max_boxes_count", 500),
        "max_polylines": ("max_polylines_count", 100),
    }
    found = {
        field: max(1, min(int(declaration[name]), top))
        for field, (name, top) in wanted.items()
        if isinstance(declaration.get(name), int | float) and declaration[name] != 50
    }
    return replace(limits, **found)


@dataclass(slots=True)
class Chart:
    """A script bound to its chart's bars, before its first bar."""

    script: CompiledScript
    bars: BarSeries
    instance: Instance
    requests: Requests

    @property
    def rt(self) -> Runtime:
        return self.instance.rt

    def result(self) -> RunResult:
        """What the bars evaluated so far left behind."""
        rt, program = self.rt, self.script.program
        return RunResult(
            self.bars,
            rt.instrument,
            rt.timeframe,
            program.kind,
            program.declaration,
            program.inputs,
            rt.outputs,
            rt.drawings,
            rt.strategy,
            rt.warnings,
            rt,
        )


def open_chart(
    script: CompiledScript,
    bars: BarSeries,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    strategy: StrategyPort,
    data: DataPort | None = None,
    limits: Limits | None = None,
    clock: Callable[[], float] = float,
    memory: Callable[[], int] = int,
    strict_data: bool = False,
) -> Chart:
    """A fresh instance of a compiled script with all that it writes to. Arguments as for ``run``."""
    most = script.program.declaration.get("calc_bars_count")
    if isinstance(most, int | float) and 0 < most < len(bars):
        bars = bars.slice(len(bars) - int(most), len(bars))
    limits = limits_of(script.program.declaration, limits or Limits())
    outputs = outputs_of(script, limits)
    columns = columns_of(bars, instrument, timeframe)
    rt = Runtime(
        version=script.program.version,
        instrument=instrument,
        timeframe=timeframe,
        main_timeframe=timeframe,
        columns=columns,
        outputs=outputs,
        drawings=Drawings(limits),
        strategy=strategy,
        limits=limits,
        data=data or NullData(),
        timenow=columns.time_close[-1],
        clock=clock,
        memory=memory,
        strict_data=strict_data,
    )
    requests = Requests(rt, script.requests, script.program.requests, script.sources)
    recorders = {
        f"{spec.index}_{name}": outputs.values[spec.index][name].append
        for spec in outputs.specs
        for name in spec.series
    }
    return Chart(script, bars, Instance(script.chart, rt, requests, recorders, script.sources), requests)


def run(
    script: CompiledScript,
    bars: BarSeries,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    strategy: StrategyPort,
    data: DataPort | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = float,
    memory: Callable[[], int] = int,
    strict_data: bool = False,
) -> RunResult:
    """Run a compiled script over all bars.

    ``data`` answers requests for other symbols and timeframes, ``strategy`` receives orders,
    ``clock`` (seconds) and ``memory`` (bytes in use) only limit what endless loops take;
    ``progress(done, total)`` is called now and then.
    Raises PineRuntimeError when the script fails, DataError when there are no bars.
    """
    if not len(bars):
        raise DataError("there are no bars to run on", "check the file and the --from/--to range")
    frame = own_timeframe(script, timeframe)
    if frame != timeframe:
        return _run_elsewhere(
            script, bars, instrument, timeframe, frame, strategy, data, limits, clock, memory, strict_data
        )
    chart = open_chart(
        script,
        bars,
        instrument,
        timeframe,
        strategy=strategy,
        data=data,
        limits=limits,
        clock=clock,
        memory=memory,
        strict_data=strict_data,
    )
    total = len(chart.bars)
    for done in evaluate_bars(chart.instance, strategy if isinstance(strategy, BarBroker) else None):
        if progress is not None and done % REPORT_EVERY == 1:
            progress(done - 1, total)
    if progress is not None:
        progress(total, total)
    return chart.result()


def evaluate_bars(instance: Instance, broker: BarBroker | None) -> Iterator[int]:
    """Every bar once, in order; yields the number of bars done.

    A strategy's bar: fills on the bar's path, the script on its close, fills at the close.
    """
    rt = instance.rt
    outputs = rt.outputs
    total = len(rt.columns.time)
    if broker is None:
        for i in range(total):
            instance.step(i)
            outputs.finish_bar(rt)
            yield i + 1
        return
    broker.start(rt)
    passes = Passes(instance) if broker.recalculates else None
    again = passes.evaluate if passes is not None else None
    for i in range(total):
        if passes is not None:
            passes.begin(i)
        broker.before(i, again)
        if passes is not None:
            passes.roll_back(broker.recalculates_on_close)
            passes.moved = True
        instance.step(i)
        broker.after(again)
        outputs.finish_bar(rt)
        yield i + 1


class Passes:
    """Evaluations of one bar: each starts from the state after the bar before, as TradingView's rollback does.

    The state is copied before the first evaluation of the bar, where there may be another one: on history
    on bars with fills only.
    """

    __slots__ = ("_bar", "_instance", "_snapshot", "_snapshots", "moved")

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._bar = 0
        self._snapshots = Snapshots(instance)
        self._snapshot: Snapshot | None = None
        self.moved = False  # the bar has been evaluated since its state was the snapshot's

    def begin(self, i: int) -> None:
        self._bar = i
        self._snapshot = None
        self.moved = False

    def evaluate(self) -> None:
        self.roll_back(True)
        self.moved = True
        self._instance.step(self._bar)

    def roll_back(self, keep: bool) -> None:
        """Forget what evaluations of the bar did, before another one; ``keep`` the state for one more."""
        if self._snapshot is None:
            if keep:
                self._snapshot = self._snapshots.take()
        elif self.moved:
            self._snapshots.restore(self._snapshot)
            self.moved = False


def own_timeframe(script: CompiledScript, chart: Timeframe) -> Timeframe:
    """The timeframe that ``indicator(timeframe=...)`` asks for; the chart's if none."""
    wanted = script.program.declaration.get("timeframe") or script.program.declaration.get("resolution")
    return Timeframe.parse(wanted, chart) if isinstance(wanted, str) else chart


def _run_elsewhere(
    script: CompiledScript,
    bars: BarSeries,
    instrument: Instrument,
    chart: Timeframe,
    frame: Timeframe,
    strategy: StrategyPort,
    data: DataPort | None,
    limits: Limits | None,
    clock: Callable[[], float],
    memory: Callable[[], int],
    strict_data: bool,
) -> RunResult:
    """Run the whole indicator on its own timeframe and show its outputs on the chart's bars."""
    source = (data or NullData()).bars(instrument.tickerid, frame)
    if source is None or not len(source):
        raise DataError(f"the indicator runs on {frame} bars and there are none", "use a chart of that timeframe")
    result = run(
        without_timeframe(script),
        source,
        instrument,
        frame,
        strategy=strategy,
        data=data,
        limits=limits,
        clock=clock,
        memory=memory,
        strict_data=strict_data,
    )
    rt = result.runtime
    outputs = shown_on(
        result.outputs,
        rt.columns.time_close,
        columns_of(bars, instrument, chart).time_close,
        bars.time.tolist(),
        has_gaps(script),
    )
    result.outputs = rt.outputs = outputs
    result.bars, result.timeframe = bars, chart
    return result


def without_timeframe(script: CompiledScript) -> CompiledScript:
    """The same indicator, for a chart of its own timeframe."""
    return replace(script, program=replace(script.program, declaration={**script.program.declaration, "timeframe": ""}))


def has_gaps(script: CompiledScript) -> bool:
    """Whether an indicator with its own timeframe shows a value only on the chart bar that closes with its bar."""
    declaration = script.program.declaration
    return bool(declaration.get("timeframe_gaps", declaration.get("resolution_gaps", True)))


def shown_on(outputs: Outputs, closes: list[int], chart_closes: list[int], times: list[int], gaps: bool) -> Outputs:
    """Outputs of bars that close at ``closes``, on the chart's bars. Alerts and logs go with their bar's plots."""
    places: list[int] = []
    i = 0
    for close in chart_closes:
        before = i
        while i < len(closes) and closes[i] <= close:
            i += 1
        places.append(-1 if i == 0 or (gaps and i == before) else i - 1)
    shown = Outputs(outputs.specs, outputs.max_log_records)
    for own, lists in zip(shown.values, outputs.values, strict=True):
        for name, values in lists.items():
            own[name] = [values[k] if k >= 0 else None for k in places]
    ends = [min(bisect_left(chart_closes, close), len(times) - 1) for close in closes]
    at = [(k, times[k]) for k in ends]
    newest = (len(times) - 1, times[-1])  # of a bar that is not complete
    for alert in outputs.alerts:
        k, time = at[alert.bar_index] if alert.bar_index < len(at) else newest
        shown.alerts.append(replace(alert, bar_index=k, time=time))
    for record in outputs.logs:
        k, time = at[record.bar_index] if record.bar_index < len(at) else newest
        shown.logs.append(replace(record, bar_index=k, time=time))
    shown.bar_count = len(times)
    return shown
