"""The audit: runs a script in several ways and compares what it showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from pinery.core.errors import PineRuntimeError, UsageError
from pinery.tester.audit.blame import OF_AN_EVALUATION, OF_THE_END, Cause, Dependencies
from pinery.tester.audit.findings import Audit, Change, Output, Verdict
from pinery.tester.audit.runs import Realtime, Subject, cut, later_start, otherwise, realtime, whole
from pinery.tester.audit.seen import DRAWINGS, Key, Seen, equal

Progress = Callable[[int, int], None]
FEWEST = 20  # bars
EVENTS = ("alert", "alertcondition", "order", "plotshape", "plotchar")
WARMED_UP = 1e-6  # relative difference between starts that is left of an average of long memory


def audit(subject: Subject, *, realtime_bars: int = 50, cuts: int = 4, progress: Progress | None = None) -> Audit:
    """Looks for outputs that change after the fact.

    ``realtime_bars``: the last bars are fed update by update; ``cuts``: ends of shorter histories, spread
    over the second half. Raises UsageError for fewer than 20 bars, and what a run raises.
    """
    declaration = subject.script.program.declaration
    if declaration.get("timeframe") or declaration.get("resolution"):
        raise UsageError("an indicator with a timeframe of its own cannot be audited", "use a chart of that timeframe")
    most = declaration.get("calc_bars_count")
    total = len(subject.bars)
    if isinstance(most, int | float) and 0 < most < total:
        subject = replace(subject, bars=subject.bars.slice(total - int(most), total))
        total = int(most)
    if total < FEWEST:
        raise UsageError(f"an audit needs at least {FEWEST} bars, there are {total}")
    live = max(1, min(realtime_bars, total // 2))
    ends = tuple(sorted({int(x) for x in np.linspace(total // 2, total - 1, max(1, cuts))}))
    step = _Steps(progress, 2 * total + 2 * sum(ends) + total - total // 4)
    first = total - live
    truth = whole(subject, step, (*(end - 1 for end in ends), *range(first, total)))
    comparison = _Comparison(subject, truth, ends)
    rare = tuple(end for end in _events(truth, cuts) if ends[0] <= end < total and end not in ends)
    step.more(2 * sum(rare))
    notes = _notes(subject)
    for end in (*ends, *rare):
        with _stopping(notes, f"with a history of {end} bars"):
            comparison.cut(end, cut(subject, end, step))
        with _stopping(notes, f"with other prices after {end} bars"):
            comparison.future(end, otherwise(subject, end, step))
    with _stopping(notes, f"started at bar {total // 4}"):
        started = comparison.starts_matter(later_start(subject, total // 4, step))
        if started:
            notes.append(f"the last value depends on how many bars are loaded before it: {', '.join(started)}")
    with _stopping(notes, "on realtime bars"):
        comparison.realtime(first, realtime(subject, first, step))
    return Audit(comparison.outputs(), total, live, (*ends, *rare), notes)


@contextmanager
def _stopping(notes: list[str], when: str) -> Iterator[None]:
    """A script that fails in one of the runs only."""
    try:
        yield
    except PineRuntimeError as error:
        notes.append(f"{when} the script stops: {error.message} (line {error.line})")


class _Steps:
    """Counts bars for the progress report."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def more(self, bars: int) -> None:
        self._total += bars

    def __call__(self) -> None:
        self._done += 1
        if self._progress is not None and not self._done % 64:
            self._progress(min(self._done, self._total), self._total)


def _events(truth: Seen, most: int) -> tuple[int, ...]:
    """Ends of histories right after alerts, orders and shapes, which a few ends alone would hardly meet."""
    bars = sorted(
        {
            bar + 1
            for key, marks in truth.marks.items()
            if key.kind in EVENTS and key.part in ("", "series")
            for bar, shown in marks.items()
            if not _nothing(shown)
        }
    )
    bars = bars[len(bars) // 2 :]
    return tuple(bars) if len(bars) <= most else tuple(bars[len(bars) * i // most] for i in range(most))


def _notes(subject: Subject) -> list[str]:
    declaration = subject.script.program.declaration
    if subject.script.program.kind == "strategy" and declaration.get("calc_on_every_tick"):
        return ["calc_on_every_tick: orders on bars that are not closed yet were not followed"]
    return []


class _Comparison:
    """Collects differences from the whole run, output by output."""

    def __init__(self, subject: Subject, truth: Seen, ends: tuple[int, ...]) -> None:
        self.subject = subject
        self.ends = ends  # where drawings were written down
        self.truth = truth
        self.dependencies = Dependencies(subject.script.program, subject.script.sources)
        self.changes: dict[Key, list[Change]] = {}
        self.bars: dict[tuple[Key, str], set[int]] = {}
        self.sites: dict[str, set[int]] = {}  # requests that answered differently, by how it was found
        self.keys: dict[Key, None] = dict.fromkeys(truth.marks)

    def cut(self, end: int, seen: Seen) -> None:
        self._compare("later", range(end), seen, end)

    def future(self, end: int, seen: Seen) -> None:
        self._compare("future", range(end), seen, end)

    def realtime(self, first: int, found: Realtime) -> None:
        closed = found.closed
        bars = range(first, len(self.subject.bars))
        self._compare("realtime", bars, closed, None)
        self.sites["update"] = found.sites
        for bar in bars:
            for shown in found.moving.get(bar, ()):
                for key in dict.fromkeys((*shown, *closed.marks)):
                    if key.kind not in DRAWINGS:
                        was, now = shown.get(key), closed.marks.get(key, {}).get(bar)
                        if not (_nothing(was) or equal(was, now)):
                            self._add(key, Change("update", bar, self._time(bar), key.part, was, now))

    def starts_matter(self, seen: Seen) -> list[str]:
        """Plots whose value on the last bar is another one when the history starts later."""
        last = len(self.subject.bars) - 1
        return [
            key.name
            for key, marks in self.truth.marks.items()
            if key.kind == "plot"
            and key.part == "series"
            and not equal(marks.get(last), seen.marks.get(key, {}).get(last), WARMED_UP)
        ]

    def _compare(self, found: str, bars: range, seen: Seen, end: int | None) -> None:
        for key in dict.fromkeys((*seen.marks, *self.truth.marks)):
            mine, other = self.truth.marks.get(key, {}), seen.marks.get(key, {})
            drawing = key.kind in DRAWINGS
            if drawing and end is not None and end not in self.ends:
                continue
            for bar in range(bars.stop - 1, bars.stop) if drawing and end is not None else bars:
                was, now = other.get(bar), mine.get(bar)
                if drawing:
                    was, now = _settled(was, bar), _settled(now, bar)
                    if not equal(was, now):
                        was, now = _unlike(was, now)
                        self._add(key, Change(found, bar, self._time(bar), "", was, now))
                elif not equal(was, now):
                    self._add(key, Change(found, bar, self._time(bar), key.part, was, now))
        for site in {*seen.answers, *self.truth.answers}:
            mine, other = self.truth.answers.get(site, {}), seen.answers.get(site, {})
            if any(not equal(mine.get(bar), other.get(bar)) for bar in bars):
                self.sites.setdefault(found, set()).add(site)

    def _add(self, key: Key, change: Change) -> None:
        self.keys[key] = None
        bars = self.bars.setdefault((key, change.found), set())
        if not bars:
            self.changes.setdefault(key, []).append(change)
        bars.add(change.bar)

    def _time(self, bar: int) -> int:
        return int(self.subject.bars.time[bar])

    # --- verdicts -----------------------------------------------------------------------

    def outputs(self) -> list[Output]:
        found: dict[tuple[str, str, int, int], list[Key]] = {}
        for key in self.keys:
            found.setdefault((key.kind, key.name, key.line, key.number), []).append(key)
        for decl in self.subject.script.program.outputs:  # those whose arguments never change, too
            known = any(k.number == decl.index for k in self.keys)
            if not known and decl.kind not in ("hline", "fill", "alertcondition"):
                line = self.dependencies.line_of(decl.span)
                found[decl.kind, str(decl.args.get("title") or decl.kind), line, decl.index] = [
                    Key(decl.kind, str(decl.args.get("title") or decl.kind), line, decl.index)
                ]
        outputs = [self._output(keys) for keys in found.values()]
        outputs.sort(key=lambda o: (-o.verdict, o.line))
        return outputs

    def _output(self, keys: list[Key]) -> Output:
        output = Output(keys[0].kind, keys[0].name, keys[0].line)
        for key in keys:
            for change in self.changes.get(key, ()):
                output.changes.append(change)
                bars = output.bars_changed
                bars[change.found] = max(bars.get(change.found, 0), len(self.bars[key, change.found]))
        causes = self.dependencies.causes(keys[0])
        offset = next((c for c in causes if c.kind == "offset"), None)
        if offset is not None:
            output.verdict = Verdict.LOOKS_AHEAD
        output.verdict = max(output.verdict, _verdict(output.bars_changed))
        if output.verdict >= Verdict.MOVES:
            ranked = self._ranked(causes, output)
            output.blame, output.others = (ranked[0], ranked[1:]) if ranked else (None, [])
        return output

    def _ranked(self, causes: list[Cause], output: Output) -> list[Cause]:
        """Causes that can explain the verdict, the likeliest first."""
        changed = output.bars_changed
        found: str
        kinds: tuple[str, ...]
        names: frozenset[str] | None = OF_AN_EVALUATION
        if output.verdict is Verdict.LOOKS_AHEAD:
            found, kinds = "future", ("offset", "lookahead", "lower_tf", "request")
        elif "later" in changed:
            found, kinds, names = "later", ("surroundings", "lookahead", "request", "lower_tf"), OF_THE_END
        elif "realtime" in changed:
            found, kinds, names = "realtime", ("lookahead", "request", "lower_tf", "varip", "surroundings"), None
        else:
            found, kinds = "update", ("varip", "surroundings", "request", "lookahead", "lower_tf")
        sites = self.sites.get(found, set())
        return [
            c
            for kind in kinds
            for c in causes
            if c.kind == kind
            and (c.site < 0 or c.site in sites)
            and not (kind == "surroundings" and names and c.text not in names)
        ]


def _verdict(changed: dict[str, int]) -> Verdict:
    if "future" in changed:
        return Verdict.LOOKS_AHEAD
    if "later" in changed or "realtime" in changed:
        return Verdict.REPAINTS
    return Verdict.MOVES if "update" in changed else Verdict.STABLE


# --- comparing --------------------------------------------------------------------------


def _nothing(shown: Any) -> bool:
    """Showing nothing before the close is no promise."""
    return shown is False or equal(shown, None)


def _settled(drawings: list[dict[str, Any]] | None, bar: int) -> list[dict[str, Any]]:
    """Without those made on the bar itself, which often only show the newest state."""
    return [d for d in drawings or () if d["created_bar"] != bar]


def _unlike(was: list[dict[str, Any]], now: list[dict[str, Any]]) -> tuple[Any, Any]:
    """The first drawings that differ."""
    for i in range(max(len(was), len(now))):
        a, b = was[i] if i < len(was) else None, now[i] if i < len(now) else None
        if not equal(a, b):
            return a, b
    return None, None
