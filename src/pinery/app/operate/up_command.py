"""``pinery up``: everything that trades, in this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("up", epilog="Example: pinery up · pinery up worker --workers 3 (on another machine)")(up)


def up(
    components: Annotated[
        list[str] | None,
        typer.Argument(metavar="[gateway|worker|charts|control]…", help="Only these; all of them if none is named."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="How many; default: as pinery.toml says.")] = None,
    gateways: Annotated[int | None, typer.Option(min=1, max=16, help="How many share the webhook's port.")] = None,
    charts: Annotated[int | None, typer.Option(min=1, max=64, help="How many run scripts on live bars.")] = None,
    leave_positions: Annotated[
        bool,
        typer.Option(
            "--leave-positions", help="Take pinery.toml over although a deployment leaves positions in another account."
        ),
    ] = False,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder with pinery.toml.")] = Path(),
) -> None:
    """Run webhook, workers, charts and control API until Ctrl-C. Processes that die are started again."""
    from pinery.app.up.start import start

    raise typer.Exit(start(folder, components or [], workers, gateways, charts, leave_positions=leave_positions))
