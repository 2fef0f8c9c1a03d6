"""How errors reach the person at the terminal, and the exit code they end with."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import UTC, datetime

from rich.text import Text

from pinery.app.terminal import console
from pinery.core.errors import PineRuntimeError, PineryError, UsageError

INTERNAL = 70
INTERRUPTED = 130
BROKEN_PIPE = 141

#: Packages that a plain installation does not have -> the extra that brings them. Trading needs all of its own.
EXTRAS = {
    "polars": "data",
    "llvmlite": "native",
    **dict.fromkeys(("aiohttp", "ccxt"), "ccxt"),
    **dict.fromkeys(("alembic", "anyio", "argon2", "cryptography", "fastapi", "httpx", "prometheus_client"), "trade"),
    **dict.fromkeys(("psycopg", "pydantic", "sqlalchemy", "stamina", "starlette", "structlog", "tomlkit"), "trade"),
    **dict.fromkeys(("uvicorn", "uvloop", "websockets"), "trade"),
}


def report(error: BaseException, *, debug: bool) -> int:
    """Prints an error to stderr, in full with ``debug``; returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        console(stderr=True).print("stopped", style="yellow")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        silence_stdout()
        return BROKEN_PIPE
    if debug:
        traceback.print_exception(error)
    if isinstance(error, PineryError):
        _print(error.message, _place(error), error.hint)
        return error.exit_code
    if isinstance(error, MemoryError):
        _print("there is not enough memory for this", "", "try fewer bars (--from, --to)")
        return 1
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = EXTRAS[error.name]
        _print(f"this needs the package {error.name}, which is not installed", "", f'pip install "pinery[{extra}]"')
        return UsageError.exit_code
    what = f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]
    _print(f"internal error: {what}", "", "this is a fault of Pinery: please report it, with the output of --debug")
    return INTERNAL


def silence_stdout() -> None:
    """The reader is gone: keeps the interpreter from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(message: str, place: str, hint: str | None) -> None:
    shown = console(stderr=True)
    shown.print(Text.assemble(("error: ", "bold red"), message, place))
    if hint:
        shown.print(Text.assemble(("hint: ", "cyan"), hint))


def _place(error: PineryError) -> str:
    """Where and when a script failed, as far as it is known."""
    if not isinstance(error, PineRuntimeError):
        return ""
    parts = []
    if error.line is not None:
        parts.append(f"line {error.line}" + (f", column {error.column}" if error.column is not None else ""))
    if error.bar_index is not None:
        when = ""
        if error.bar_time is not None:
            when = f" ({datetime.fromtimestamp(error.bar_time / 1000, UTC):%Y-%m-%d %H:%M} UTC)"
        parts.append(f"bar {error.bar_index}{when}")
    return f"\n  at {', '.join(parts)}" if parts else ""
