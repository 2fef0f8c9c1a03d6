"""``pinery demo --chart``: a script of ours on the synthetic market, drawn into a file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pinery.app import bars as market
from pinery.app.chart.html import render
from pinery.app.chart.payload import build
from pinery.app.progress import progress_bar
from pinery.app.results import chart_subject
from pinery.app.session import Job, execute
from pinery.app.summary import print_summary, print_warnings
from pinery.app.terminal import console
from pinery.core.errors import UsageError
from pinery.lang.source import Source

BARS = 15_902  # eleven weeks of five minutes, up to a session's end


def write_example(folder: Path) -> Path:
    """Runs the example, prints its result and writes ``chart.html`` into ``folder``."""
    name = "trend.pine"
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    console().print("Five-minute bars of an index future, eleven weeks, made up by a seeded generator.")
    data = market.load(f"synthetic:{BARS}", timeframe="5")
    with progress_bar(name) as report:
        finished = execute(Job(Source(text, name), data), report)
    page = render(build(chart_subject(finished)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "chart.html"
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror or error}") from None
    print_warnings(finished)
    print_summary(finished, {"chart": str(target)})
    return target
