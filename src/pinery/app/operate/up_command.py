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
        typer.Argument(metavar="[gateway|worker|control]…", help="Only these; all of them if none is named."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="How many; default: as pinery.toml says.")] = None,
    gateways: Annotated[int | None, typer.Option(min=1, max=16, help="How many share the webhook's port.")] = None,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder with pinery.toml.")] = Path(),
) -> None:
    """Run the webhook, the workers and the control API until Ctrl-C. Processes that die are started again."""
    from pinery.app.up.start import start

    raise typer.Exit(start(folder, components or [], workers, gateways))
