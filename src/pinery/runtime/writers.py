"""Outputs as text: CSV rows, JSON lines, JSON. Nothing here touches a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pinery.runtime.drawings.store import Drawings
from pinery.runtime.outputs import Outputs
from pinery.runtime.placeholders import time_text


def plots_csv_rows(outputs: Outputs, times: Sequence[int], *, unix: bool = False) -> Iterator[str]:
    """A header and one row per bar, each ending in a newline: ``time`` (ISO 8601 UTC, or Unix
    seconds with ``unix``) and a column per plot, titled as in the script. na is ``NaN``.

    ``times`` are the bars' opening times in Unix ms, as many as there are bars.
    """
    columns = outputs.plot_columns()
    yield _csv_row(["time", *(title for title, _ in columns)])
    values = [column for _, column in columns]
    for i in range(outputs.bar_count):
        when = str(times[i] // 1000) if unix else time_text(times[i])
        yield _csv_row([when, *(_cell(column[i]) for column in values)])


def _cell(value: float) -> str:
    if value != value:
        return "NaN"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _csv_row(fields: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(fields)
    return buffer.getvalue()


def alerts_jsonl(outputs: Outputs) -> Iterator[str]:
    """One JSON object per alert, in the order fired, each ending in a newline."""
    for event in outputs.alerts:
        data: dict[str, Any] = asdict(event)
        data["time"] = time_text(event.time)
        yield json.dumps(data, ensure_ascii=False) + "\n"


def logs_jsonl(outputs: Outputs) -> Iterator[str]:
    """One JSON object per log record, each ending in a newline."""
    for record in outputs.logs:
        data: dict[str, Any] = asdict(record)
        data["time"] = time_text(record.time)
        yield json.dumps(data, ensure_ascii=False) + "\n"


def drawings_json(drawings: Drawings) -> str:
    """The drawings alive at the end, as a JSON array with one drawing per line."""
    rows = ",\n".join(json.dumps(d, ensure_ascii=False, allow_nan=False) for d in drawings.as_data())
    return f"[\n{rows}\n]\n" if rows else "[]\n"
