"""Views of a finished run that the command line, the API and the chart share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pinery.app.chart.payload import Subject
from pinery.app.session import Finished
from pinery.engine import RunResult
from pinery.runtime.outputs import Outputs
from pinery.runtime.placeholders import number_text


def titled_plots(outputs: Outputs) -> list[tuple[str, list[float]]]:
    """Plots with titles of their own: the second "Plot" is "Plot (2)"."""
    seen: Counter[str] = Counter()
    found = []
    for title, values in outputs.plot_columns():
        seen[title] += 1
        found.append((title if seen[title] == 1 else f"{title} ({seen[title]})", values))
    return found


def input_text(value: Any, kind: str) -> str:
    if value is None or value != value:
        return "na"
    if kind == "color" and isinstance(value, int):
        return f"#{value:08X}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    return str(value)


def chart_subject(finished: Finished) -> Subject:
    """What the chart page shows of a run."""
    script = finished.script
    return subject_of(finished.result, script.sources[0].name, script.program.version, finished.market.notice)


def subject_of(result: RunResult, name: str, version: int, notice: str = "") -> Subject:
    """``name`` stands in where the script has no title."""
    declared = result.declaration
    title = str(declared.get("title") or name)
    precision = declared.get("precision")
    return Subject(
        bars=result.bars,
        instrument=result.instrument,
        timeframe=result.timeframe.text(),
        outputs=result.outputs,
        drawings=result.drawings,
        title=title,
        shorttitle=str(declared.get("shorttitle") or title),
        overlay=bool(declared.get("overlay")),
        version=version,
        format=str(declared.get("format") or "inherit"),
        precision=None if precision is None or precision != precision else int(precision),
        inputs=[(decl.title, input_text(decl.value, decl.kind)) for decl in result.inputs],
        notice=notice,
    )
