"""``alert``, ``log.*`` and ``runtime.error``. Inside ``request.*`` alerts and logs do nothing."""

from __future__ import annotations

from typing import Any

from pinery.core.errors import PineRuntimeError
from pinery.runtime.context import Runtime
from pinery.runtime.messages import format as format_string
from pinery.runtime.outputs import AlertEvent, Level, LogRecord


def alert(rt: Runtime, message: str | None, freq: str | None, site: int | None = None, line: int = 0) -> None:
    """``site`` tells calls apart: each fires once per bar unless ``freq`` is ``all``, also in a loop.
    Without it calls are told apart by their message. ``once_per_bar_close`` waits for the bar's
    last evaluation."""
    if rt.is_request:
        return
    frequency = freq or "once_per_bar"
    text = "NaN" if message is None else message
    if frequency == "once_per_bar_close" and not rt.barstate.isconfirmed:
        return
    if frequency != "all" and not rt.outputs.fire_once(("alert", text if site is None else site), rt):
        return
    rt.outputs.alerts.append(AlertEvent(rt.bar_index, rt.time, "alert", "", text, frequency, line))


def runtime_error(rt: Runtime, message: str | None) -> None:
    raise PineRuntimeError("NaN" if message is None else message)


def log_info(rt: Runtime, message: str | None, *args: Any) -> None:
    _log(rt, "info", message, args)


def log_warning(rt: Runtime, message: str | None, *args: Any) -> None:
    _log(rt, "warning", message, args)


def log_error(rt: Runtime, message: str | None, *args: Any) -> None:
    _log(rt, "error", message, args)


def _log(rt: Runtime, level: Level, message: str | None, args: tuple[Any, ...]) -> None:
    if rt.is_request:
        return
    text = format_string(message, *args) if args else message
    rt.outputs.logs.append(LogRecord(rt.bar_index, rt.time, level, "NaN" if text is None else text))
