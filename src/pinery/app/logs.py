"""Logs of the processes: one line per event, as JSON for machines or in colour for people, and never a secret in it.

    {"time": "2026-11-23T06:22:50.123Z", "level": "info", "component": "worker", "event": "order sent", "signal_id": …}

Libraries that log by the standard library (uvicorn, SQLAlchemy, Alembic) come out in the same form. What is bound by
``structlog.contextvars`` (signal id, deployment, account) is in every line of that context.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pinery.app.redaction import redactor

Form = Literal["json", "console", "auto"]

#: Never more talkative than this: below it, they print statements with values, whole addresses (which may hold a key or
#: a signature), frames with tokens, or each step of theirs.
_QUIET = dict.fromkeys(
    ("sqlalchemy", "alembic", "httpx", "httpcore", "asyncio", "websockets", "ccxt", "aiohttp"), "warning"
)

#: What brings handlers of its own, which would print past the redaction.
_OWN_HANDLERS = ("uvicorn", "uvicorn.access", "uvicorn.error", "sqlalchemy", "alembic")

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class _Lines(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk or a closed pipe must not stop trading, and the standard complaint prints values unmasked."""


class _Writer:
    """Writes finished lines. Each is one call of ``write``, so that lines of several threads do not mix."""

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):  # as _Lines
            self._target.write(line + "\n")
            self._target.flush()

    debug = info = warning = error = critical = exception = fatal = warn = log = msg


def configure(level: str = "info", form: Form = "auto", *, component: str = "", stream: TextIO | None = None) -> None:
    """Sets logging of this process up, again if called again. Lines go to ``stream``, by default stderr.

    ``auto`` is console on a terminal and JSON elsewhere. ``component`` ("gateway", "worker") is in every line that
    binds no other. Raises ValueError for an unknown level or form.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"{level!r} is no log level: use one of {', '.join(LEVELS)}")
    if form not in ("json", "console", "auto"):
        raise ValueError(f"{form!r} is no form of logs: use json, console or auto")
    threshold, target = LEVELS[level.lower()], stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not target.isatty())

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _time,
        _component(component),
        structlog.processors.format_exc_info,
    ]
    render: list[Processor] = [_mask]
    if as_json:
        render += [_ordered, structlog.processors.JSONRenderer()]
    else:
        columns = structlog.dev.ConsoleRenderer(
            colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback, timestamp_key="time"
        )
        render += [_printable, columns]
    handler = _Lines(target)
    foreign: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=foreign))

    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _Lines):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(threshold)
    for name in _OWN_HANDLERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(threshold, LEVELS[least]))
    logging.captureWarnings(True)
    sys.excepthook, threading.excepthook = _uncaught, _uncaught_in_thread

    structlog.configure(
        # Past the standard library: a line of our own costs a third of one that goes through it.
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *names: _Writer(target),
        cache_logger_on_first_use=False,
    )


def hide(*secrets: str) -> None:
    """Masks these values wherever they turn up in a line from now on."""
    redactor.hide(*secrets)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Binds facts (``signal_id=…, deployment=…, account=…``) to every line of this context; empty ones are left out."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in facts.items() if value}):
        yield


# --- processors -----------------------------------------------------------------------


def _time(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    line["time"] = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return line


def _component(name: str) -> Processor:
    def add(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        if name:
            line.setdefault("component", name)
        record = line.get("_record")
        if record is not None and not line.get("_from_structlog"):
            line["logger"] = record.name
        return line

    return add


def _mask(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    return {redactor.text(key): redactor.field(key, value) for key, value in line.items()}


def _ordered(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    first = {key: line.pop(key) for key in ("time", "level", "component", "event") if key in line}
    return {**first, **line}


def _printable(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Escape sequences in what strangers sent must not reach a terminal."""
    return {key: _escaped(value) if isinstance(value, str) else value for key, value in line.items()}


def _escaped(text: str) -> str:
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode() for char in text
    )


# --- what nobody caught ---------------------------------------------------------------


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("uncaught error", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: Any) -> None:
    if args.exc_type is SystemExit or args.exc_value is None:
        return
    name = args.thread.name if args.thread else ""
    structlog.get_logger().critical(
        "uncaught error in a thread", thread=name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
    )
