"""``pinery alert``: try messages, list the formats, print the message to paste into TradingView."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pinery.app.terminal import console

if TYPE_CHECKING:
    from pinery.app.config.configuration import Configuration
    from pinery.trading.deployments import Deployment
    from pinery.trading.signals import Signal

#: What a signal would do now, as (step, result, facts) for people; None where no configuration is there to say.
Preview = Callable[["Signal", "Deployment", "Configuration"], "list[tuple[str, str, str]]"]

FolderOption = Annotated[Path, typer.Option("--folder", metavar="DIR", help="Folder with pinery.toml.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DeploymentOption = Annotated[
    str | None,
    typer.Option("--deployment", "-d", metavar="NAME", help="Whose rules hold; default: the only one there is."),
]
HERE = Path()
_UNREADABLE = 3


def register(app: typer.Typer, preview: Preview | None = None) -> None:
    """``preview`` says what a signal would do; without it, messages are read only."""
    alerts = typer.Typer(
        name="alert",
        help="Try alert messages, list the formats that are understood, print the message for TradingView.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
    )

    @alerts.command(
        "test",
        epilog='Example: pinery alert test \'{"action":"buy","symbol":"ES1!","qty":1}\' --deployment demo. '
        "Exit code 3: the message is not understood.",
    )
    def test(
        message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As it would arrive; - reads standard input.")],
        deployment: DeploymentOption = None,
        folder: FolderOption = HERE,
        as_json: JsonOption = False,
    ) -> None:
        """Show what a message means and what would happen. Nothing is stored or sent."""
        test_message(message, deployment, folder, as_json=as_json, preview=preview)

    alerts.command("formats", epilog="Example: pinery alert formats --json")(show_formats)
    alerts.command("template", epilog="Example: pinery alert template --strategy --deployment demo")(show_template)
    app.add_typer(alerts)


def test_message(text: str, name: str | None, folder: Path, *, as_json: bool, preview: Preview | None) -> None:
    from pinery.trading.messages import Unreadable, explain, read_message
    from pinery.trading.signals import Source
    from pinery.trading.store import Message

    if text == "-":
        text = typer.get_text_stream("stdin").read()
    configuration, deployment = _deployment(name, folder)
    message = Message(deployment.name, Source.WEBHOOK, text, time.time_ns() // 1000)
    try:
        lines = explain(message, deployment)
        signal = read_message(message, deployment)
    except Unreadable as error:
        if not as_json:
            raise
        _print_json({"understood": False, "deployment": deployment.name, "reason": error.reason})
        raise typer.Exit(_UNREADABLE) from None
    steps = preview(signal, deployment, configuration) if preview is not None and configuration is not None else None
    if as_json:
        shown: dict[str, Any] = {
            "understood": True,
            "deployment": deployment.name,
            "fields": dict(lines),
            "signal": _plain(dataclasses.asdict(signal)),
        }
        if steps is not None:
            shown["steps"] = [dict(zip(("step", "result", "facts"), step, strict=True)) for step in steps]
        _print_json(shown)
        return
    screen = console()
    screen.print(_table(f"read by deployment {deployment.name}", ("field", "value"), lines))
    screen.print(
        _table("signal", ("field", "value"), [("id", signal.id), ("key", signal.key), ("action", signal.action.value)])
    )
    if steps is not None:
        screen.print(_table("what would happen", ("step", "result", "facts"), steps))


def show_formats(as_json: JsonOption = False) -> None:
    """List the formats of messages that are understood, each with examples."""
    from pinery.trading.messages import FORMATS, TEMPLATE
    from pinery.trading.messages.words import WORDS

    if as_json:
        _print_json(
            {
                "formats": [
                    {
                        "name": entry.name,
                        "description": entry.description,
                        "preset": entry.preset,
                        "examples": list(entry.examples),
                    }
                    for entry in (*FORMATS, TEMPLATE)
                ],
                "words": {action.value: list(words) for action, words in WORDS.items()},
            }
        )
        return
    screen = console()
    for entry in (*FORMATS, TEMPLATE):
        screen.print(Text.assemble((entry.name, "bold cyan"), "  ", entry.description))
        for example in entry.examples:
            screen.print(Text(f"    {example}", style="dim"))
    screen.print(_table("words", ("action", "said as"), [(a.value, ", ".join(w)) for a, w in WORDS.items()]))
    screen.print("The format is found out by itself; `preset` of a deployment allows one only.", style="dim")


def show_template(
    deployment: DeploymentOption = None,
    strategy: Annotated[
        bool, typer.Option("--strategy/--indicator", help="For a strategy's order fills, or for an indicator's alert.")
    ] = True,
    folder: FolderOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Print the message to paste into TradingView's alert dialog."""
    from pinery.trading.messages import template_for

    _, chosen = _deployment(deployment, folder)
    text = template_for(chosen, strategy=strategy)
    if as_json:
        kind = "strategy" if strategy else "indicator"
        _print_json({"deployment": chosen.name, "for": kind, "message": text})
    else:
        print(text)  # as it is: it goes through the clipboard


def _deployment(name: str | None, folder: Path) -> tuple[Configuration | None, Deployment]:
    """The deployment named, or the only one. Without pinery.toml: one with the default rules."""
    from pinery.app.settings import FILE_NAME
    from pinery.core.errors import UsageError
    from pinery.trading.deployments import Deployment

    if not (folder / FILE_NAME).exists():
        if name is not None:
            raise UsageError(f"there is no {FILE_NAME} in {folder.absolute()}", "name its folder with --folder DIR")
        return None, Deployment(name="default", account="", symbol="")
    from pinery.app.config.reading import load_configuration

    configuration = load_configuration(folder)
    names = sorted(configuration.deployments)
    if name is None:
        if len(names) == 1:
            return configuration, configuration.deployments[names[0]]
        raise UsageError("there are several deployments", f"name one with --deployment: {', '.join(names)}")
    return configuration, configuration.deployment(name)


def _table(title: str, columns: tuple[str, ...], rows: list[Any]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _plain(value: Any) -> Any:
    """JSON of a Signal: exact numbers as text, nothing for what was not said."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None and part != ""}
    return format(value, "f") if isinstance(value, Decimal) else value


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
