"""``pinery demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LEAST_CHECK, LONGEST_CHECK = 20.0, 600.0


def register(app: typer.Typer) -> None:
    app.command("demo", epilog="Example: pinery demo · pinery demo --fresh --speed 120 · pinery demo --check")(demo)


def demo(
    folder: Annotated[Path, typer.Option("--dir", "--out", metavar="DIR", help="Where it lives.")] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew: what the last demo did is deleted.")] = False,
    speed: Annotated[
        float | None, typer.Option(min=1, max=600, help="Market time per clock time; 60 at first.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="Stop by itself after so long; with --check: give up."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Try everything in a folder of its own, say what works, exit 0 or 1.")
    ] = False,
    chart: Annotated[
        bool, typer.Option("--chart", help="Only run an example script on made-up bars and write DIR/chart.html.")
    ] = False,
) -> None:
    """Run everything on a made-up market: charts, alerts, paper orders, notifications, dashboard. Needs no network."""
    if chart:
        from pinery.app.demo.example import write_example

        write_example(folder)
        return
    if check:
        from pinery.app.demo.checking import check_demo

        longest = min(max(seconds or 60.0, LEAST_CHECK), LONGEST_CHECK)
        raise typer.Exit(check_demo(longest))
    from pinery.app.demo.running import run_demo

    raise typer.Exit(run_demo(folder, fresh=fresh, speed=speed, seconds=seconds))
