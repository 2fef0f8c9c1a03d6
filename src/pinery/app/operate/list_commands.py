"""``pinery signals``, ``orders``, ``fills``, ``positions``, ``trades``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinery.app.operate.opening import FolderOption, JsonOption, money, number, opened, read_since, say, table, when

if TYPE_CHECKING:
    from pinery.adapters.store.views.paging import Filters, Page
    from pinery.app.operate.opening import PlainTable
    from pinery.trading.store import Tx

DeploymentOption = Annotated[str, typer.Option("--deployment", "-d", metavar="NAME", help="Only this deployment's.")]
AccountOption = Annotated[str, typer.Option("--account", "-a", metavar="NAME", help="Only this account's.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, from the newest on.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Not older: 30m, 1h, 2d, or 2026-11-23T06:00 (UTC).")
]


def register(app: typer.Typer) -> None:
    app.command("signals", epilog="Example: pinery signals --deployment demo --since 1h")(show_signals)
    app.command("orders", epilog="Example: pinery orders --open · pinery orders --json")(show_orders)
    app.command("fills", epilog="Example: pinery fills --account paper --limit 20")(show_fills)
    app.command("positions", epilog="Example: pinery positions · pinery positions --all --json")(show_positions)
    app.command("trades", epilog="Example: pinery trades --since 7d")(show_trades)


def show_signals(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    outcome: Annotated[str, typer.Option(metavar="OUTCOME", help="accepted, denied or nothing.")] = "",
    limit: LimitOption = 20,
    since: SinceOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """What was asked for, and what became of it."""
    from pinery.adapters.store.views.signals import list_signals
    from pinery.core.errors import UsageError
    from pinery.trading.control import near
    from pinery.trading.store import Outcome

    if outcome and outcome not in list(Outcome):
        raise UsageError(f"there is no outcome {outcome!r}", near(outcome, list(Outcome), ""))
    _list(
        folder,
        _filters(deployment, account, since),
        limit,
        as_json,
        lambda tx, filters: list_signals(tx, filters, outcome),
        signals_table,
        "no signals yet; `pinery signal DEPLOYMENT IN` gives one by hand",
    )


def show_orders(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    unfinished: Annotated[bool, typer.Option("--open", help="Only those that have not ended.")] = False,
    limit: LimitOption = 20,
    since: SinceOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Orders and how far they got."""
    from pinery.adapters.store.views.orders import list_orders

    def show(rows: list[Any]) -> PlainTable:
        made = table(
            "Created", "Order", "Deployment", "Symbol", "Side", "Type", "Role", ">Filled", ">Of", ">Price", "Status",
            "Reason",
        )  # fmt: skip
        for row in rows:
            price = row.average_price or row.limit_price or row.stop_price
            made.add(
                when(row.created), row.client_id, row.deployment, row.symbol, row.side, row.type, row.role,
                number(row.filled), number(row.quantity), number(price), row.status,
                " ".join(part for part in (row.code, row.reason) if part),
            )  # fmt: skip
        return made

    _list(
        folder,
        _filters(deployment, account, since),
        limit,
        as_json,
        lambda tx, filters: list_orders(tx, filters, unfinished=unfinished),
        show,
        "no orders" if unfinished else "no orders yet",
    )


def show_fills(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    limit: LimitOption = 20,
    since: SinceOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """What was executed, at which price."""
    from pinery.adapters.store.views.orders import list_fills

    def show(rows: list[Any]) -> PlainTable:
        made = table(
            "Time", "Order", "Deployment", "Symbol", "Side", ">Quantity", ">Price", ">Fee", ">Slippage", "Price from"
        )
        for row in rows:
            made.add(
                when(row.time), row.client_id, row.deployment, row.symbol, row.side, number(row.quantity),
                number(row.price), f"{number(row.fee)} {row.fee_currency}".strip(), number(row.slippage),
                row.price_source,
            )  # fmt: skip
        return made

    _list(folder, _filters(deployment, account, since), limit, as_json, list_fills, show, "no fills yet")


def show_positions(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    flat: Annotated[bool, typer.Option("--all", help="Also those that were closed.")] = False,
    limit: LimitOption = 500,
    since: SinceOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """What is held, and what it is worth at the last prices known."""
    from pinery.adapters.store.views.positions import list_positions
    from pinery.adapters.store.views.values import iso

    oldest = read_since(since)
    with opened(folder) as here:
        here.expect(deployment, account)
        rows = here.store.read(
            lambda tx: list_positions(tx, here.point_value(), deployment=deployment, account=account, flat=flat)
        )
    shown = [row for row in rows if oldest is None or row.updated >= iso(oldest)][:limit]
    if _as_json(shown, as_json):
        return
    say(positions_table(shown) if shown else "no positions")


def show_trades(
    deployment: DeploymentOption = "",
    account: AccountOption = "",
    limit: LimitOption = 20,
    since: SinceOption = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Closed round trips and what they made."""
    from pinery.adapters.store.views.positions import list_trades

    def show(rows: list[Any]) -> PlainTable:
        made = table(
            "Closed", "Deployment", "Symbol", "Side", ">Quantity", ">Entry", ">Exit", ">Profit", ">Fees", "Closed by"
        )
        for row in rows:
            made.add(
                when(row.exit_time), row.deployment, row.symbol, row.side, number(row.quantity),
                number(row.entry_price), number(row.exit_price), money(row.profit, signed=True), money(row.fees),
                row.exit_role,
            )  # fmt: skip
        return made

    _list(folder, _filters(deployment, account, since), limit, as_json, list_trades, show, "no trades yet")


def signals_table(rows: list[Any]) -> PlainTable:
    made = table("Received", "Signal", "Deployment", "Word", "Symbol", "Source", "Outcome", ">ms to order", "Reason")
    for row in rows:
        made.add(
            when(row.received), row.id, row.deployment, row.word, row.symbol, row.source, row.outcome,
            number(row.latency.sent, 1), " ".join(part for part in (row.code, row.reason) if part),
        )  # fmt: skip
    return made


def positions_table(rows: list[Any]) -> PlainTable:
    made = table(
        "Deployment",
        "Account",
        "Symbol",
        "Side",
        ">Quantity",
        ">Average",
        ">Last",
        ">Open profit",
        ">Realized",
        "Since",
    )
    for row in rows:
        made.add(
            row.deployment, row.account, row.symbol, row.side, number(row.quantity), number(row.average_price),
            number(row.price), money(row.open_profit, signed=True), money(row.realized, signed=True), when(row.opened),
        )  # fmt: skip
    return made


def _filters(deployment: str, account: str, since: str | None) -> Filters:
    from pinery.adapters.store.views.paging import Filters

    return Filters(deployment=deployment, account=account, since=read_since(since))


def _list(
    folder: Path,
    filters: Filters,
    limit: int,
    as_json: bool,
    view: Callable[[Tx, Filters], Page[Any]],
    show: Callable[[list[Any]], PlainTable],
    empty: str,
) -> None:
    with opened(folder) as here:
        here.expect(filters.deployment, filters.account)
        rows = here.store.read(lambda tx: _pages(tx, filters, limit, view))
    if not _as_json(rows, as_json):
        say(show(rows) if rows else empty)


def _pages(tx: Tx, filters: Filters, limit: int, view: Callable[[Tx, Filters], Page[Any]]) -> list[Any]:
    """Up to ``limit`` rows, of as many pages as that takes."""
    from dataclasses import replace

    rows: list[Any] = []
    while len(rows) < limit:
        page = view(tx, replace(filters, limit=limit - len(rows)))
        rows += page.items
        if page.next is None:
            break
        filters = replace(filters, cursor=page.next)
    return rows


def _as_json(rows: list[Any], wanted: bool) -> bool:
    from pinery.adapters.store.views.values import to_json

    if wanted:
        print(to_json(rows, indent=2))
    return wanted
