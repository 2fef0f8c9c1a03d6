"""``pinery status``: one look at everything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from pinery.app.operate.list_commands import positions_table, signals_table
from pinery.app.operate.opening import FolderOption, JsonOption, money, now_us, opened, say, table, when

if TYPE_CHECKING:
    from pinery.adapters.store.views.status import StatusView

_STYLES = {"active": "green", "reducing": "yellow", "halted": "bold red"}


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: pinery status · pinery status --json")(show_status)


def show_status(as_json: JsonOption = False, folder: FolderOption = Path()) -> None:
    """States, components, accounts, positions, last signals, and what is wrong."""
    from pinery.adapters.store.views.status import status
    from pinery.adapters.store.views.values import to_json

    with opened(folder) as here:
        configuration = here.configuration
        found = here.store.read(
            lambda tx: status(
                tx, configuration.accounts, configuration.deployments, here.point_value(), now_us() // 1000
            )
        )
    if as_json:
        print(to_json(found, indent=2))
    else:
        _show(found)


def _show(found: StatusView) -> None:
    say(Text.assemble(("trading ", "bold"), _state(found.state), f"   {when(found.time)} UTC"))
    waiting = found.inbox
    say(f"inbox   {waiting.waiting} waiting, {waiting.unparsed} not understood in the last 24 hours")
    if found.components:
        running = (
            Text.assemble(part.component, " ", ("running", "green") if part.alive else ("DOWN", "bold red"))
            for part in found.components
        )
        say(Text("parts   ") + Text(", ").join(running))
    say()
    accounts = table("Account", "Broker", "State", ">Equity", ">Day", ">Open profit", ">Positions", ">Working orders")
    for account in found.accounts:
        accounts.add(
            account.name, _broker(account.broker, account.environment), _state(account.state),
            money(account.equity, account.currency), money(account.day_profit, signed=True),
            money(account.open_profit, signed=True), str(account.positions), str(account.working_orders),
        )  # fmt: skip
    say(accounts)
    say()
    deployments = table("Deployment", "Account", "Symbol", "Stage", "State")
    for deployment in found.deployments:
        state = _state(deployment.state)
        if deployment.paused:
            state.append(" (paused)", "yellow")
        deployments.add(deployment.name, deployment.account, deployment.symbol, deployment.stage, state)
    say(deployments)
    if found.positions:
        say()
        say(positions_table(list(found.positions)))
    if found.signals:
        say()
        say(signals_table(list(found.signals)))
    if found.problems:
        say()
        for problem in found.problems:
            say(Text.assemble(("! ", "bold red"), problem))


def _broker(broker: str, environment: str) -> Text:
    """Real money is not to be overlooked."""
    if environment == "live":
        return Text.assemble(f"{broker} ", ("LIVE", "bold white on red"))
    return Text(broker if broker == environment else f"{broker} ({environment})")


def _state(state: str) -> Text:
    return Text(state, _STYLES.get(state, ""))
