"""What a signal would do now: the desk's own decision, on a copy of what the store holds. Nothing is changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinery.adapters.store.database import SqlStore
    from pinery.app.config.configuration import Configuration
    from pinery.trading.broker import Broker
    from pinery.trading.contracts import Contract
    from pinery.trading.deployments import Deployment
    from pinery.trading.desk.decide import Made
    from pinery.trading.desk.directory import Directory
    from pinery.trading.orders.model import Ticket
    from pinery.trading.signals import Signal
    from pinery.trading.store import Decision


Step = tuple[str, str, str]

#: Seconds for what a venue says of its contracts.
_PATIENCE = 5


def preview(signal: Signal, deployment: Deployment, configuration: Configuration) -> list[Step]:
    """(step, result, facts): every check, the decision, the orders with their protection, risk and reward."""
    from pinery.adapters.paper.settings import PaperSettings
    from pinery.app.up.brokers import Surroundings, make_broker
    from pinery.app.up.charting.markets import Markets
    from pinery.app.up.clock import SystemClock
    from pinery.app.up.directory import ConfiguredDirectory
    from pinery.market.symbols import lookup
    from pinery.trading.broker import Balance
    from pinery.trading.desk.decide import Decider
    from pinery.trading.desk.ledger import Ledger
    from pinery.trading.desk.terms import VenueDirectory
    from pinery.trading.messages import received_after
    from pinery.trading.orders.model import ZERO
    from pinery.trading.store import Tx

    account = configuration.account(deployment.account)
    directory = ConfiguredDirectory(configuration)
    now = time.time_ns() // 1_000_000
    with _store(configuration) as (store, notes):
        clock = SystemClock()
        markets = Markets(store, clock, configuration.folder, lambda name: lookup(name, configuration.symbol_table))
        around = Surroundings(store, clock, configuration.folder, directory, markets.get)
        broker = make_broker(account, around, lambda tx: None)
        capabilities = broker.capabilities
        if unknown := _learn_terms(broker):
            notes.append(unknown)
        here = VenueDirectory(directory, broker.terms)

        def decide(tx: Tx) -> tuple[str | None, Decision, Made]:
            ledger = Ledger.load(account, tx)
            ledger.states = tx.states.all()
            if ledger.balance is None and account.broker == "paper":
                cash = PaperSettings.from_options(account.options).balance
                ledger.balance = Balance(account.currency, cash, cash, ZERO, cash, now)
            first = tx.signals.find(deployment.name, signal.key, received_after(signal, deployment))
            return first, *Decider(ledger, here, capabilities).preview(signal, deployment, tx, now)

        first, decision, made = store.read(decide)
    steps = [*notes]
    if first is not None:
        steps.append(("duplicate", "ends here", f"it is signal {first} already and would be ignored; as a new alert:"))
    steps += made.steps
    reason = f"{decision.code}: {decision.reason}" if decision.code else ""
    steps.append(("decision", decision.outcome.value, reason or _count(made)))
    if decision.code:
        return steps
    for order in made.cancel:
        steps.append(("order", "cancel", f"{order.client_id}: the signal replaces the entry that still works"))
    for ticket in made.tickets:
        steps += _orders(ticket, here)
    return steps


def _learn_terms(broker: Broker) -> Step | None:
    """Steps and least sizes of the venue; a step that says so where they cannot be read."""
    from pinery.trading.errors import BrokerError

    async def learn() -> None:
        async with asyncio.timeout(_PATIENCE):
            await broker.learn_terms()

    try:
        with ThreadPoolExecutor(1, "pinery-terms") as thread:  # the caller may have a loop of its own
            thread.submit(asyncio.run, learn()).result()
    except (BrokerError, TimeoutError) as error:
        why = error.message if isinstance(error, BrokerError) else f"no answer in {_PATIENCE} s"
        return "terms", "not read", f"{why}: sizes are not rounded to the venue's steps"
    return None


def _count(made: Made) -> str:
    orders = sum(1 + len(ticket.protection) for ticket in made.tickets)
    return f"{orders} order{'s' * (orders != 1)}"


@contextmanager
def _store(configuration: Configuration) -> Iterator[tuple[SqlStore, list[Step]]]:
    """The store as it is; where it cannot be read, an empty one, and a step that says so."""
    from pinery.adapters.store.database import open_store
    from pinery.trading.errors import StoreError

    notes: list[Step] = []
    with TemporaryDirectory(prefix="pinery-preview-") as folder:
        try:
            store = open_store(configuration.store_url, create=False)
        except StoreError as error:
            notes.append(("store", "not read", f"{error.message}: as if nothing were held"))
            store = open_store(f"sqlite:///{Path(folder) / 'empty.db'}")
        try:
            yield store, notes
        finally:
            store.close()


def _orders(ticket: Ticket, directory: Directory) -> list[Step]:
    from pinery.trading.desk.telling import describe, plain
    from pinery.trading.orders.model import OrderType, Role

    order = ticket.order
    expected = order.limit_price if order.limit_price is not None else order.reference_price
    text = describe(order)
    if order.type is OrderType.MARKET and expected is not None:
        text += f", about {plain(expected)}"
    if order.closes:
        text += f"; {plain(order.closes)} of it closes the position held"
    steps: list[Step] = [("order", order.role.value, text)]
    contract = directory.contract(order.symbol)
    money: dict[Role, Decimal] = {}
    for child in ticket.protection:
        price = child.stop_price if child.stop_price is not None else child.limit_price
        trail = f", trailing by {plain(child.trail_offset)}" if child.trail_offset is not None else ""
        said = f"{child.side} {plain(child.quantity)} at {plain(price)}{trail}"
        if price is not None and expected is not None:
            money[child.role] = _money(expected, price, child.quantity, contract)
            said += f", {plain(abs(expected - price))} away"
        steps.append(("order", child.role.value, said))
    return steps + _risk(money.get(Role.STOP), money.get(Role.TARGET), contract)


def _money(entry: Decimal, leave: Decimal, quantity: Decimal, contract: Contract) -> Decimal:
    return abs(leave - entry) * quantity * contract.point_value


def _risk(risk: Decimal | None, reward: Decimal | None, contract: Contract) -> list[Step]:
    """Before costs."""
    currency = contract.instrument.currency
    steps: list[Step] = []
    if risk is not None:
        steps.append(("risk", f"{risk:,.2f} {currency}", "is lost where the stop fills at its price"))
    if reward is not None:
        steps.append(("reward", f"{reward:,.2f} {currency}", "is won at the target"))
    if risk and reward is not None:
        ratio = reward / risk
        poor = f"below 1: {round(100 / (1 + ratio))}% of trades must win to break even" if ratio < 1 else ""
        steps.append(("ratio", f"1:{ratio:.2f}", poor))
    return steps
