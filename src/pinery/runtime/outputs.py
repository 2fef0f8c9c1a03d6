"""What a run leaves behind: plots and colours per bar, alerts, logs.

Every call of an output function is one ``OutputSpec``; what its arguments were on each bar is
kept in lists, one entry per bar, which generated code appends to. Drawings are kept apart
(``pinery.runtime.drawings.store``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from pinery.runtime.context import Runtime
from pinery.runtime.placeholders import render
from pinery.runtime.values import NAN

AlertKind = Literal["alert", "alertcondition", "order"]
Level = Literal["info", "warning", "error"]

_DEFAULT_TITLES = {
    "plot": "Plot",
    "plotshape": "Shapes",
    "plotchar": "Chars",
    "plotarrow": "Arrows",
    "plotbar": "Bars",
    "plotcandle": "Candles",
    "hline": "HLine",
    "fill": "Fill",
    "bgcolor": "Background Color",
    "barcolor": "Bar Color",
    "alertcondition": "Alert",
}
_OHLC = ("open", "high", "low", "close")
_ONE_COLUMN = {"plot": "series", "plotshape": "series", "plotchar": "series", "plotarrow": "series", "hline": "price"}


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One call of an output function. ``args`` are the arguments that stay the same for the
    whole run, by name; ``series`` names those kept per bar. An argument that is another output
    (``fill``'s plots) is that output's ``index``."""

    index: int
    kind: str
    title: str | None
    args: dict[str, Any]
    series: tuple[str, ...]
    span_line: int


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """``time`` is the opening time of the bar (Unix ms), ``line`` the call's line in the script
    (0: not known), ``frequency`` one of ``all``, ``once_per_bar`` and ``once_per_bar_close``."""

    bar_index: int
    time: int
    kind: AlertKind
    title: str
    message: str
    frequency: str
    line: int


@dataclass(frozen=True, slots=True)
class LogRecord:
    bar_index: int
    time: int
    level: Level
    message: str


@dataclass(slots=True)
class Outputs:
    """``values[i]`` belongs to ``specs[i]``: a list per name in its ``series``."""

    specs: list[OutputSpec] = field(default_factory=list)
    max_log_records: int = 10_000
    values: list[dict[str, list[Any]]] = field(init=False)
    alerts: list[AlertEvent] = field(default_factory=list, init=False)
    logs: deque[LogRecord] = field(init=False)  # the newest; older ones than the limit are gone
    bar_count: int = field(default=0, init=False)
    # The bar on which each alert last fired; kept when a realtime bar is evaluated again.
    fired: dict[Any, int] = field(default_factory=dict, init=False)
    _conditions: tuple[OutputSpec, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.values = [{name: [] for name in spec.series} for spec in self.specs]
        self.logs = deque(maxlen=self.max_log_records)
        self._conditions = tuple(s for s in self.specs if s.kind == "alertcondition")

    def finish_bar(self, rt: Runtime) -> None:
        """Call after each evaluation of a bar: counts it and fires ``alertcondition`` alerts,
        which see the bar's plots."""
        self.bar_count = rt.bar_index + 1
        for spec in self._conditions:
            condition = self.last(spec, "condition")
            if condition is not None and condition == condition and condition and self.fire_once(spec.index, rt):
                title = self.title(spec)
                message = self.last(spec, "message")
                self.alerts.append(
                    AlertEvent(
                        rt.bar_index,
                        rt.time,
                        "alertcondition",
                        title,
                        render(message, rt, self) if message else "",
                        "once_per_bar_close" if rt.barstate.isconfirmed else "once_per_bar",
                        spec.span_line,
                    )
                )

    def fire_once(self, key: Any, rt: Runtime) -> bool:
        """True the first time ``key`` asks on a bar."""
        if self.fired.get(key) == rt.bar_index:
            return False
        self.fired[key] = rt.bar_index
        return True

    def truncate(self, n: int) -> None:
        """Keep the values of the first ``n`` bars, before a realtime bar is evaluated again.
        Alerts and logs stay: they have been sent and shown."""
        for lists in self.values:
            for column in lists.values():
                del column[n:]
        self.bar_count = min(self.bar_count, n)

    def title(self, spec: OutputSpec) -> str:
        return spec.title if spec.title else _DEFAULT_TITLES.get(spec.kind, spec.kind)

    def titles(self) -> list[str]:
        """One per spec, as TradingView shows them. Equal ones are told apart by their order only."""
        return [self.title(spec) for spec in self.specs]

    def column(self, spec: OutputSpec, name: str) -> list[Any]:
        """An argument per bar, also when it never changes."""
        kept = self.values[spec.index].get(name)
        return [spec.args.get(name)] * self.bar_count if kept is None else kept

    def last(self, spec: OutputSpec, name: str) -> Any:
        """An argument on the newest bar; None where the script gave none."""
        kept = self.values[spec.index].get(name)
        if kept is None:
            return spec.args.get(name)
        return kept[-1] if kept else None

    def plot_columns(self) -> list[tuple[str, list[float]]]:
        """(title, one number per bar) of everything with numbers, in the script's order: na is nan,
        true 1 and false 0. Bars and candles give four columns; fills and colours none."""
        return [
            (title, [_number(v) for v in self.column(spec, name)]) for title, spec, name in self._numeric(hlines=True)
        ]

    def plot_values(self) -> list[tuple[str, float]]:
        """(title, number on the newest bar) of what the placeholder ``{{plot_0}}`` counts."""
        return [(title, _number(self.last(spec, name))) for title, spec, name in self._numeric(hlines=False)]

    def _numeric(self, hlines: bool) -> list[tuple[str, OutputSpec, str]]:
        found: list[tuple[str, OutputSpec, str]] = []
        for spec in self.specs:
            title = self.title(spec)
            if spec.kind in _ONE_COLUMN and (hlines or spec.kind != "hline"):
                found.append((title, spec, _ONE_COLUMN[spec.kind]))
            elif spec.kind in ("plotbar", "plotcandle"):
                found.extend((f"{title} ({name})", spec, name) for name in _OHLC)
        return found


def _number(value: Any) -> float:
    if value is None:
        return NAN
    if value is True or value is False:
        return 1 if value else 0
    number: float = value
    return number
