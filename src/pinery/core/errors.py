"""Every error that Pinery raises on purpose.

PineryError
├── UsageError            a command, option or argument is wrong             (exit 2)
├── DataError             bars, symbol files or rates cannot be used         (exit 3)
├── CompileError          the script has errors; carries all diagnostics     (exit 1)
├── PineRuntimeError      the script failed while it ran                     (exit 4)
├── GateError             a backtest does not pass the gate's checks         (exit 5)
└── InternalError         a broken invariant of ours: please report          (exit 70)
"""

from __future__ import annotations

from typing import Any, ClassVar


class PineryError(Exception):
    """Base of the tree. ``message`` says what and where; ``hint`` says what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PineryError):
    exit_code = 2


class DataError(PineryError):
    exit_code = 3


class CompileError(PineryError):
    """Raised after checking; ``diagnostics`` holds every finding in source order, ``sources`` their texts."""

    exit_code = 1

    def __init__(self, message: str, diagnostics: tuple[Any, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.diagnostics = diagnostics
        self.sources: tuple[Any, ...] = ()


class PineRuntimeError(PineryError):
    """The script stopped: ``runtime.error``, an index out of range, a limit.

    ``line`` and ``column`` are 1-based positions in the script, ``bar_index`` and
    ``bar_time`` (Unix ms) say when; the engine fills in what it knows.
    """

    exit_code = 4

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.line: int | None = None
        self.column: int | None = None
        self.bar_index: int | None = None
        self.bar_time: int | None = None


class GateError(PineryError):
    exit_code = 5


class InternalError(PineryError):
    exit_code = 70
