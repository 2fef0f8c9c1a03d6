"""``pinery doctor``: why nothing is traded, what mends it, and how to trade by hand meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pinery.app.operate.opening import FolderOption, JsonOption, now_us, plain, say

if TYPE_CHECKING:
    from pinery.app.doctor.checking import Checked, FailureList, Finding, Level

_PROBLEMS = 5
_STYLES = {"ok": "green", "skipped": "dim", "warning": "yellow", "problem": "bold red"}


def register(app: typer.Typer) -> None:
    app.command(
        "doctor",
        epilog="Example: pinery doctor · pinery doctor --deployment demo --json. Exit code 5: there are problems.",
    )(doctor)


def doctor(
    deployment: Annotated[
        str, typer.Option("--deployment", "-d", metavar="NAME", help="Look at one deployment and its account only.")
    ] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody outside this machine.")] = False,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Find out why signals, alerts or fills are missing: what is wrong, what mends it, what to do by hand."""
    from pinery.app.doctor.checking import Level, examine
    from pinery.app.doctor.lists import LISTS
    from pinery.app.doctor.patient import Patient

    patient = Patient.of(folder, now_us() // 1000, only=deployment, offline=offline)
    results: list[tuple[FailureList, tuple[Checked, ...]]] = []
    for each in LISTS:
        checked = examine(patient, each.checks)
        results.append((each, checked))
        if not as_json:
            _show(each, checked)
    patient.close()
    # A cause that stands in two lists is one.
    findings = {(one.check.name, finding) for _, checked in results for one in checked for finding in one.findings}
    counts = Counter(finding.level for _, finding in findings)
    if as_json:
        print(json.dumps(_data(results, counts), indent=2, ensure_ascii=False))
    else:
        problems, warnings = counts[Level.PROBLEM], counts[Level.WARNING]
        say(Text(f"{_number(problems, 'problem')}, {_number(warnings, 'warning')}", "bold red" if problems else "bold"))
    if counts[Level.PROBLEM]:
        raise typer.Exit(_PROBLEMS)


def _show(of: FailureList, checked: tuple[Checked, ...]) -> None:
    say(Text(of.question, "bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in checked:
        for number, finding in enumerate(one.findings):
            mark = Text(finding.level.value, _STYLES[finding.level.value])
            table.add_row(mark, one.check.name if not number else "", _text(finding))
    say(table)
    say()


def _text(finding: Finding) -> Text:
    lines = Text("\n").join(plain(line) for line in finding.found.splitlines())
    for label, said in (("do", finding.do), ("by hand", finding.by_hand)):
        if said:
            lines = Text.assemble(lines, "\n", (f"{label}: ", "cyan"), plain(said))
    return lines


def _data(results: list[tuple[FailureList, tuple[Checked, ...]]], counts: Counter[Level]) -> dict[str, object]:
    from pinery.app.doctor.checking import Level

    return {
        "problems": counts[Level.PROBLEM],
        "warnings": counts[Level.WARNING],
        "lists": [
            {
                "name": of.name,
                "question": of.question,
                "checks": [
                    {
                        "name": one.check.name,
                        "looks_at": one.check.looks_at,
                        "findings": [
                            {
                                "level": finding.level.value,
                                "found": finding.found,
                                "do": finding.do,
                                "by_hand": finding.by_hand,
                            }
                            for finding in one.findings
                        ],
                    }
                    for one in checked
                ],
            }
            for of, checked in results
        ],
    }


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
