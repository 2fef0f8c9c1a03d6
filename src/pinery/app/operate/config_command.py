"""``pinery config``: what pinery.toml says, whether it is right, and new webhook tokens."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pinery.app.terminal import console

if TYPE_CHECKING:
    from pinery.app.config.configuration import Configuration
    from pinery.app.config.risk_table import RiskRow

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder with pinery.toml.")]
HERE = Path()

config_app = typer.Typer(
    name="config",
    help="Check and show pinery.toml, its JSON schema, and renew webhook tokens.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


def register(app: typer.Typer) -> None:
    app.add_typer(config_app)


@config_app.command("check", epilog="Example: pinery config check --json. Exit code 2: there are errors.")
def check_configuration(
    folder: Folder = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings and the risk table as JSON.")] = False,
) -> None:
    """Find every mistake in pinery.toml and its secrets; show what each deployment risks per trade."""
    from pinery.app.config.reading import load_configuration
    from pinery.app.config.risk_table import risk_table
    from pinery.trading.errors import ConfigError

    try:
        configuration = load_configuration(folder)
    except ConfigError as error:
        if not as_json:
            raise
        errors = list(error.findings) or [error.message]
        print(json.dumps({"ok": False, "errors": errors, "warnings": [], "risk": []}, indent=2, ensure_ascii=False))
        raise typer.Exit(error.exit_code) from None
    rows = risk_table(configuration, _last_prices(configuration))
    if as_json:
        shown = {"ok": True, "errors": [], "warnings": list(configuration.warnings), "risk": [_json(r) for r in rows]}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    screen = console()
    for warning in configuration.warnings:
        screen.print(f"[yellow]warning:[/] {escape(warning)}")
    if rows:
        screen.print(_table(rows))
    accounts, deployments = len(configuration.accounts), len(configuration.deployments)
    screen.print(
        f"[green]pinery.toml is right:[/] {accounts} account{'s' * (accounts != 1)}, "
        f"{deployments} deployment{'s' * (deployments != 1)}"
    )


@config_app.command("show", epilog="Example: pinery config show --json")
def show_configuration(
    folder: Folder = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of TOML.")] = False,
) -> None:
    """Print every setting with its value, defaults included; secrets are left out."""
    import tomlkit

    from pinery.app.config.effective import effective
    from pinery.app.config.reading import load_configuration

    shown = effective(load_configuration(folder))
    if as_json:
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print(tomlkit.dumps(_without_none(shown)), end="")


@config_app.command("schema", epilog="Example: pinery config schema --out pinery.schema.json")
def print_schema(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it to a file instead.")] = None,
) -> None:
    """Print the JSON schema of pinery.toml, by which editors complete and check it."""
    from pinery.app.config.schema import schema
    from pinery.app.writing import write_text

    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
    else:
        write_text(out, [text])


@config_app.command("rotate-token", epilog="Example: pinery config rotate-token demo --keep-old")
def rotate(
    deployment: Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="Whose webhook address changes.")],
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="The folder with pinery.toml.")] = HERE,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Old addresses still work, until the next rotation without this.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a new secret webhook address for a deployment. It is shown this once."""
    from pinery.app.config.tokens import rotate_token

    url = rotate_token(folder, deployment, keep_old=keep_old)
    if as_json:
        print(json.dumps({"deployment": deployment, "webhook_url": url}))
        return
    screen = console()
    print(url)
    screen.print(
        "Paste it into the TradingView alert now: only its hash is kept. "
        + ("Old addresses still work." if keep_old else "Old addresses no longer work.")
        + " A running Pinery takes it over within seconds.",
        style="dim",
    )


def _last_prices(configuration: Configuration) -> dict[str, Decimal]:
    """From the store, if it can be read: the risk table does well without."""
    from pinery.adapters.store.database import open_store
    from pinery.core.errors import PineryError

    path = Path(configuration.store_url.removeprefix("sqlite:///"))
    if configuration.store_url.startswith("sqlite:") and not path.exists():
        return {}
    try:
        store = open_store(configuration.store_url, create=False)
        try:
            return {symbol: quote.price for symbol, quote in store.read(lambda tx: tx.standings.quotes()).items()}
        finally:
            store.close()
    except PineryError:
        return {}


def _json(row: RiskRow) -> dict[str, Any]:
    plain = {key: float(value) if isinstance(value, Decimal) else value for key, value in asdict(row).items()}
    return {**plain, "ratio_text": row.ratio_text}


def _table(rows: list[RiskRow]) -> Table:
    table = Table(title="Risk and reward per trade", title_justify="left")
    for name in ("deployment", "symbol", "size", "stop", "target"):
        table.add_column(name)
    for name in ("risk", "reward", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        price = f"at {row.price:f}" if row.price is not None and row.risk is not None else ""
        table.add_row(
            row.deployment,
            row.symbol,
            row.size,
            row.stop or "—",
            row.target or "—",
            _money(row.risk, row.risk_percent, row.currency),
            _money(row.reward, row.reward_percent, row.currency),
            f"[yellow]{row.ratio_text} ![/]" if row.is_poor else row.ratio_text or "—",
            " · ".join(filter(None, (row.note, price))),
        )
    return table


def _money(money: Decimal | None, percent: Decimal | None, currency: str) -> str:
    if money is not None:
        return f"{money:,.2f} {currency}"
    return f"{round(percent, 4).normalize():f}%" if percent is not None else "—"


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
