"""What a run showed on each bar: plots as drawn, alerts, order commands, drawings, and what its requests answered."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pinery.emulator.broker import Broker
from pinery.engine.instance import Instance
from pinery.engine.live import LiveBroker
from pinery.engine.run import Chart
from pinery.runtime.orders import BarBroker

DRAWINGS = ("line", "label", "box", "linefill", "polyline")
TOLERANCE = 1e-9  # relative; sums over the same bars in another order differ by less
COMMANDS = ("entry", "order", "exit", "close", "close_all", "cancel", "cancel_all")


class Key(NamedTuple):
    """One output of the script. ``line``: of its call, 0 where nothing tells."""

    kind: str  # plot, plotshape, bgcolor ... alert, alertcondition, order, fill, line, label, box, linefill, polyline
    name: str
    line: int
    number: int = -1  # of the plot-like call
    part: str = ""  # its argument


@dataclass(slots=True)
class Seen:
    """``marks[key][bar]`` is what the output showed there, or absent. ``answers``: what requests gave, by site."""

    marks: dict[Key, dict[int, Any]] = field(default_factory=dict)
    answers: dict[int, dict[int, Any]] = field(default_factory=dict)

    def put(self, key: Key, bar: int, value: Any) -> None:
        self.marks.setdefault(key, {})[bar] = value

    def add(self, key: Key, bar: int, value: Any) -> None:
        """One of several events of a bar."""
        self.marks.setdefault(key, {}).setdefault(bar, []).append(value)

    def forget(self, bar: int) -> None:
        """Another evaluation of the bar replaces what it showed."""
        for found in (*self.marks.values(), *self.answers.values()):
            found.pop(bar, None)


class Watch:
    """Follows an opened chart and writes down what each evaluation shows."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.seen = Seen()
        self._alerts = 0
        instance = chart.instance
        answer = instance.namespace["_request"]

        def request(index: int, *arguments: Any) -> Any:
            value = answer(index, *arguments)
            self.seen.answers.setdefault(index, {})[chart.rt.bar_index] = _frozen(value)
            return value

        instance.namespace["_request"] = request
        if isinstance(chart.rt.strategy, Broker):
            chart.rt.strategy = _Recorder(chart.rt.strategy, instance, self._order)
            chart.rt.strategy.start(chart.rt)

    @property
    def broker(self) -> BarBroker | None:
        found: Any = self.chart.rt.strategy
        return found if isinstance(found, _Recorder) else None

    @property
    def live_broker(self) -> LiveBroker | None:
        found: Any = self.chart.rt.strategy
        recorder: LiveBroker | None = found if isinstance(found, _Recorder) else None
        return recorder

    def history(self, i: int) -> None:
        """Evaluate bar ``i`` once, at its close."""
        broker, rt = self.broker, self.chart.rt
        if broker is not None:
            broker.before(i, None)
        self.chart.instance.step(i)
        if broker is not None:
            broker.after(None)
        rt.outputs.finish_bar(rt)
        self.note(i)

    def begin(self, i: int) -> None:
        """Before another evaluation of bar ``i``: alerts may fire again, to be seen."""
        self.seen.forget(i)
        self.chart.rt.outputs.fired.clear()

    def note(self, i: int) -> None:
        """Write down what the evaluation of bar ``i`` left."""
        outputs, seen = self.chart.rt.outputs, self.seen
        for spec in outputs.specs:
            title = outputs.title(spec)
            for name, values in outputs.values[spec.index].items():
                if spec.kind != "alertcondition":
                    seen.put(Key(spec.kind, title, spec.span_line, spec.index, name), i, values[-1] if values else None)
        for event in outputs.alerts[self._alerts :]:
            if event.kind == "order":
                seen.add(Key("fill", f'fill of "{event.title}"', 0), event.bar_index, event.message)
            else:
                seen.add(Key(event.kind, event.title or "alert", event.line), i, event.message)
        self._alerts = len(outputs.alerts)

    def note_drawings(self, i: int) -> None:
        """Write down the drawings alive after bar ``i``. Tables always show the newest state and are left out."""
        for data in self.chart.rt.drawings.as_data():
            if data["type"] != "table":
                shown = {k: v for k, v in data.items() if k not in ("id", "type", "created_time", "line1", "line2")}
                self.seen.add(Key(data["type"], f"{data['type']} drawings", 0), i, shown)

    def _order(self, command: str, arguments: Any, line: int) -> None:
        rule = arguments._asdict()
        bar = rule.pop("bar_index")
        del rule["time"], rule["command"]
        name = f"strategy.{command}"
        self.seen.add(Key("order", f'{name}("{rule.get("id")}")' if rule.get("id") else name, line), bar, rule)


class _Recorder:
    """A broker that tells of every command before it takes it."""

    def __init__(self, broker: Broker, instance: Instance, tell: Callable[[str, Any, int], None]) -> None:
        self._broker = broker
        self._instance = instance
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._broker, name)
        if name not in COMMANDS:
            return found

        def command(order: Any) -> None:
            self._tell(name, order, self._line())
            found(order)

        return command

    def _line(self) -> int:
        """The script's line that is being evaluated."""
        code, sources = self._instance.code, self._instance.sources
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == code.filename:
                span = code.spans[frame.f_lineno] if frame.f_lineno < len(code.spans) else None
                return 0 if span is None else sources[span.file].position(span.start)[0]
            frame = frame.f_back  # type: ignore[assignment]
        return 0


def _frozen(value: Any) -> Any:
    """A request's answer as it is now."""
    items = getattr(value, "items", None)
    return list(items) if isinstance(items, list) else value


def equal(a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
    """The same thing shown; na, absent and nothing are one."""
    if a is b:
        return True
    if isinstance(a, float | int) and isinstance(b, float | int):
        if a != a or b != b:
            return a != a and b != b
        return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b))
    if a is None or b is None:
        other = b if a is None else a
        return bool(other is None or other != other or other == [])
    if isinstance(a, dict) and isinstance(b, dict):
        return all(equal(a.get(k), b.get(k)) for k in {*a, *b})
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)
