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
    from pinery.app.config.effective import effective_accounts
    from pinery.app.config.reading import check_everything
    from pinery.app.config.risk_table import risk_table
    from pinery.trading.broker import Environment
    from pinery.trading.errors import ConfigError

    try:
        configuration = check_everything(folder)
    except ConfigError as error:
        if not as_json:
            raise
        errors = list(error.findings) or [error.message]
        print(json.dumps({"ok": False, "errors": errors, "warnings": [], "risk": []}, indent=2, ensure_ascii=False))
        raise typer.Exit(error.exit_code) from None
    prices, left = _from_store(configuration)
    rows, warnings = risk_table(configuration, prices), [*left, *configuration.warnings]
    if as_json:
        shown = {
            "ok": True,
            "errors": [],
            "warnings": warnings,
            "accounts": effective_accounts(configuration),
            "risk": [_json(r) for r in rows],
        }
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    screen = console()
    for warning in warnings:
        screen.print(f"[yellow]warning:[/] {escape(warning)}")
    if any(account.environment is not Environment.PAPER for account in configuration.accounts.values()):
        screen.print(account_rows(configuration))
    if rows:
        screen.print(risk_rows(rows))
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


def account_rows(configuration: Configuration) -> Table:
    """Where each account's money is, and where its requests go."""
    from pinery.app.config.effective import effective_accounts

    table = Table(box=None, pad_edge=False)
    for name in ("Account", "Broker", "Money", "Hosts"):
        table.add_column(name, no_wrap=name != "Hosts")
    for account in effective_accounts(configuration):
        real = account["environment"] == "live"
        money = "[bold white on red]LIVE: real money[/]" if real else account["environment"]
        table.add_row(account["name"], account["broker"], money, ", ".join(dict.fromkeys(account["hosts"].values())))
    return table


def _from_store(configuration: Configuration) -> tuple[dict[str, Decimal], list[str]]:
    """Last prices, and what the file leaves behind; both empty where the store cannot be read."""
    from pinery.adapters.store.database import open_store
    from pinery.app.config.left_behind import left_behind
    from pinery.core.errors import PineryError

    path = Path(configuration.store_url.removeprefix("sqlite:///"))
    if configuration.store_url.startswith("sqlite:") and not path.exists():
        return {}, []
    try:
        store = open_store(configuration.store_url, create=False)
        try:
            quotes, left = store.read(lambda tx: (tx.standings.quotes(), left_behind(configuration, tx)))
        finally:
            store.close()
    except PineryError:
        return {}, []
    return {symbol: quote.price for symbol, quote in quotes.items()}, [str(one.finding()) for one in left]


def _json(row: RiskRow) -> dict[str, Any]:
    plain = {key: float(value) if isinstance(value, Decimal) else value for key, value in asdict(row).items()}
    return {**plain, "ratio_text": row.ratio_text}


def risk_rows(rows: list[RiskRow]) -> Table:
    """Risk and reward as a table."""
    table = Table(title="Risk and reward per trade", title_justify="left")
    for name in ("deployment", "symbol", "size", "stop", "target"):
        table.add_column(name)
    for name in ("risk", "reward", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        known = row.risk is not None or row.reward is not None
        price = f"at {row.price:f}" if row.price is not None and row.risk is not None else ""
        of_size = f"money is of {row.size}" if known and row.traded != row.size else ""
        table.add_row(
            row.deployment,
            row.symbol,
            row.traded,
            row.stop or "—",
            row.target or "—",
            _money(row.risk, row.risk_percent, row.currency),
            _money(row.reward, row.reward_percent, row.currency),
            f"[yellow]{row.ratio_text} ![/]" if row.is_poor else row.ratio_text or "—",
            " · ".join(filter(None, (row.note, of_size, price))),
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
