"""Findings about a script: errors and warnings with codes, places and hints."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pinery.lang.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that explains a finding ("declared here")."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``code`` is stable (``docs/diagnostics.md`` lists them all)."""

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Diagnostics:
    """Collects findings of one check. Equal findings at one place are kept once."""

    items: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, Span, str]] = field(default_factory=set)

    def add(
        self,
        code: str,
        severity: Severity,
        message: str,
        span: Span,
        hint: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> None:
        key = (code, span, message)
        if key not in self._seen:
            self._seen.add(key)
            self.items.append(Diagnostic(code, severity, message, span, hint, notes))

    def error(self, code: str, message: str, span: Span, hint: str | None = None, notes: tuple[Note, ...] = ()) -> None:
        self.add(code, Severity.ERROR, message, span, hint, notes)

    def warning(
        self, code: str, message: str, span: Span, hint: str | None = None, notes: tuple[Note, ...] = ()
    ) -> None:
        self.add(code, Severity.WARNING, message, span, hint, notes)

    @property
    def has_errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.items)

    def sorted(self) -> list[Diagnostic]:
        return sorted(self.items, key=lambda d: (d.span.file, d.span.start, d.code))
