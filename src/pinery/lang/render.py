"""Findings as people and programs read them: like a compiler's, or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pinery.lang.diagnostics import Diagnostic, Severity
from pinery.lang.source import Source, Span

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_TAB = "    "
_WIDEST = 140  # columns of source shown; longer lines are cut around the place in question


def render(diagnostics: Iterable[Diagnostic], sources: Sequence[Source]) -> Text:
    """All findings, each followed by an empty line. Print the text with a ``rich`` console: piped output is plain."""
    text = Text()
    for diagnostic in diagnostics:
        text.append_text(render_one(diagnostic, sources))
        text.append("\n")
    return text


def render_one(diagnostic: Diagnostic, sources: Sequence[Source]) -> Text:
    """One finding: its message, its place, the source line with the place underlined, hint and notes."""
    color = _COLORS[diagnostic.severity]
    text = Text()
    text.append(f"{diagnostic.severity.value}[{diagnostic.code}]", f"bold {color}")
    text.append(f": {_visible(diagnostic.message)}\n", "bold")
    _place(text, diagnostic.span, sources, color, "-->")
    for note in diagnostic.notes:
        text.append("  note", "bold cyan")
        text.append(f": {_visible(note.message)}\n")
        if note.span is not None:
            _place(text, note.span, sources, "cyan", ":::")
    if diagnostic.hint:
        text.append("  hint", "bold green")
        text.append(f": {_visible(diagnostic.hint)}\n")
    return text


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """``2 errors, 1 warning``; empty if there is nothing to tell."""
    counts = dict.fromkeys(Severity, 0)
    for diagnostic in diagnostics:
        counts[diagnostic.severity] += 1
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    return ", ".join(f"{n} {words[s]}{'s' * (n != 1)}" for s, n in counts.items() if n)


def to_json(diagnostics: Iterable[Diagnostic], sources: Sequence[Source]) -> list[dict[str, Any]]:
    """One object per finding. Lines and columns count from 1, columns in characters; the end is exclusive."""
    found = []
    for diagnostic in diagnostics:
        entry = _json_place(diagnostic.span, sources)
        entry |= {
            "severity": diagnostic.severity.value,
            "code": diagnostic.code,
            "message": diagnostic.message,
            "hint": diagnostic.hint,
            "notes": [
                {"message": n.message} | ({} if n.span is None else _json_place(n.span, sources))
                for n in diagnostic.notes
            ],
        }
        found.append(entry)
    return found


def _json_place(span: Span, sources: Sequence[Source]) -> dict[str, Any]:
    source = sources[span.file]
    line, column = source.position(span.start)
    end_line, end_column = source.position(max(span.start, span.end))
    return {"file": source.name, "line": line, "column": column, "endLine": end_line, "endColumn": end_column}


def _place(text: Text, span: Span, sources: Sequence[Source], color: str, arrow: str) -> None:
    source = sources[span.file]
    line, column = source.position(span.start)
    number = str(line)
    margin = " " * len(number)
    text.append(f"{margin}{arrow} ", "blue")
    text.append(f"{source.name}:{line}:{column}\n")
    raw = source.line_text(line)
    end_line, end_column = source.position(max(span.start, span.end))
    start = min(column - 1, len(raw))
    stop = min(end_column - 1, len(raw)) if end_line == line else len(raw)
    before, marked, after = _cut(_visible(raw[:start]), _visible(raw[start:stop]), _visible(raw[stop:]))
    text.append(f"{margin} |\n", "blue")
    text.append(f"{number} | ", "blue")
    text.append(f"{before}{marked}{after}\n")
    text.append(f"{margin} | ", "blue")
    text.append(" " * cell_len(before))
    text.append("^" * max(1, cell_len(marked)) + "\n", f"bold {color}")


def _visible(text: str) -> str:
    """Tabs as four blanks; what would move or colour the terminal as a replacement character."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    for c in text:
        if c == "\t":
            shown.append(_TAB)
        elif c == "\n":
            shown.append(" ")
        else:
            shown.append(c if c.isprintable() and cell_len(c) > 0 else "\ufffd")
    return "".join(shown)


def _cut(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """Shorten a long line so that the marked part stays in sight."""
    if cell_len(before) + cell_len(marked) + cell_len(after) <= _WIDEST:
        return before, marked, after
    if len(marked) > _WIDEST // 2:
        marked = marked[: _WIDEST // 2 - 1] + "…"
        after = ""
    if len(before) > _WIDEST // 3:
        before = "…" + before[-(_WIDEST // 3 - 1) :]
    room = _WIDEST - len(before) - len(marked)
    if len(after) > room:
        after = after[: max(0, room - 1)] + "…"
    return before, marked, after
