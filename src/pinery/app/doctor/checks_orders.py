"""Orders do not fill: from the account's connection to the money, the market, the contract and the position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pinery.app.doctor.checking import Check, Finding, ok, problem, skipped, warning
from pinery.app.doctor.checks_signals import refusals, states
from pinery.app.doctor.measuring import quantile, seconds
from pinery.app.doctor.patient import DAY_MS, HOUR_MS, Patient, duration
from pinery.trading.contracts import Contract
from pinery.trading.denials import DENIALS, Denial
from pinery.trading.deployments import SizingKind
from pinery.trading.figures import EXECUTION_TARGET
from pinery.trading.mapping import margin_for
from pinery.trading.orders.model import Role, Status
from pinery.trading.risk.context import lowest
from pinery.trading.windows import exchange_open

if TYPE_CHECKING:
    from pinery.adapters.store.views.records import EventRow
    from pinery.trading.store import Tx

_STUCK_MS = 60_000  # an order should not be on its way for longer
_OLD_PRICE_MS = 5 * 60_000
_LAST_DAYS = 3
_QUOTED = 3
_MANY = 500

#: Refusals that are not about the message, but about what may be traded.
_OF_RISK = frozenset(DENIALS) - {"UNPARSED", "UNKNOWN_DEPLOYMENT", "DUPLICATE", "PAUSED"}


def worker(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.health import all_leases

    leases = patient.read(lambda tx: all_leases(tx, patient.now))
    for name in patient.accounts:
        lease = leases.get(f"account:{name}")
        if lease is not None and lease.held:
            host, _, rest = lease.owner.partition("/")
            process = rest.split("/")[1] if "/" in rest else "?"
            yield ok(f"{name} is worked on by process {process} of {host}")
            continue
        found = f"{name}: no worker has it"
        if lease is not None and 0 < lease.expires <= patient.now:
            found += f"; the last one ended {patient.ago(lease.expires)}"
        yield problem(
            found, "pinery up; its log says why an account is not started", patient.close_by_hand(account=name)
        )


def connected(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.paging import Filters
    from pinery.adapters.store.views.records import list_events

    def last(tx: Tx) -> dict[str, tuple[EventRow, ...]]:
        return {
            name: list_events(tx, Filters(account=name, limit=1), kind="account.").items for name in patient.accounts
        }

    for name, rows in patient.read(last).items():
        if not rows:
            yield skipped(f"{name}: it has never been connected; a worker does that")
        elif rows[0].kind == "account.connected":
            yield ok(f"{name}: connected since {rows[0].at[:19].replace('T', ' ')} UTC")
        else:
            found = f"{rows[0].text}, since {rows[0].at[:19].replace('T', ' ')} UTC"
            do = "look at the broker's status page, the log-in and the network; Pinery connects again by itself"
            yield problem(found, do, patient.close_by_hand(account=name))


def orders(patient: Patient) -> Iterator[Finding]:
    stuck = False
    unfinished = patient.read(lambda tx: [order for name in patient.accounts for order in tx.orders.unfinished(name)])
    for order in unfinished:
        if patient.only and order.deployment != patient.only:
            continue
        on_the_way = order.status in (Status.PENDING, Status.SUBMITTED) and not order.role.protects
        if order.status is Status.UNKNOWN:
            found = f"order {order.client_id} ({order.deployment}): sent, outcome not known: {order.reason}"
            do = "Pinery asks the broker until it knows, and sends nothing twice; look it up there by this id"
        elif on_the_way and patient.now - order.updated > _STUCK_MS:
            why = f": {order.reason}" if order.reason else ""
            waits = f", waits for {', '.join(order.waits_for)}" if order.waits_for else ""
            found = f"order {order.client_id} ({order.deployment}) is {order.status} since "
            found += f"{duration(patient.now - order.updated)}{waits}{why}"
            do = f"pinery cancel {order.client_id}, or wait for the broker"
        else:
            continue
        stuck = True
        yield problem(found, do, patient.close_by_hand(deployment=order.deployment))
    if not stuck:
        yield ok("no order is stuck")


def rejected(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.orders import list_orders
    from pinery.adapters.store.views.paging import Filters

    filters = Filters(deployment=patient.only, since=patient.now - DAY_MS, limit=_MANY)
    rows = patient.read(lambda tx: list_orders(tx, filters, Status.REJECTED)).items
    if not rows:
        yield ok("the broker refused no order in the last 24 hours")
    reasons = Counter((row.account, row.code, row.reason) for row in rows)
    for (account, code, reason), count in reasons.most_common(_QUOTED):
        found = f"{account}: {count} refused by the broker in 24 hours: {code} {reason}".rstrip()
        last = next(row for row in rows if (row.account, row.code, row.reason) == (account, code, reason))
        do = DENIALS.get(code, "mend what the broker says")
        yield problem(found, do, patient.signal_by_hand(last.deployment))


def limits(patient: Patient) -> Iterator[Finding]:
    yield from refusals(patient, _OF_RISK)


def prices(patient: Patient) -> Iterator[Finding]:
    quotes = patient.read(lambda tx: tx.standings.quotes())
    for name, contract in _contracts(patient):
        deployment = patient.deployments[name]
        account = patient.configuration.accounts[deployment.account]
        feed = "feed" in account.options
        quote = quotes.get(contract.symbol)
        if quote is None:
            found = f"{name}: no price of {contract.symbol} is known"
            do = 'without a market feed an alert must carry one: "price": {{close}}'
            yield warning(found, do) if not feed else problem(found, "look at the account's feed")
            continue
        age = max(0, patient.now - quote.time)
        found = f"{name}: the last price of {contract.symbol} is {quote.price:f}, {duration(age)} old ({quote.source})"
        allowed = lowest((deployment.limits.max_data_age, account.limits.max_data_age))
        if allowed is not None and age > allowed * 1000:
            yield problem(f"{found}; max_data_age is {allowed} s", "look at the feed, or raise the limit")
        elif feed and age > _OLD_PRICE_MS and exchange_open(contract.instrument, patient.now):
            yield warning(found, "the market is open: look at the feed and the broker's connection")
        else:
            yield ok(found)


def money(patient: Patient) -> Iterator[Finding]:
    accounts = patient.configuration.accounts
    balances = patient.read(lambda tx: {name: tx.standings.balance(name) for name in patient.accounts})
    quotes = patient.read(lambda tx: tx.standings.quotes())
    for name, balance in balances.items():
        if balance is None:
            yield skipped(f"{name}: its balance is not known yet; the broker tells it when it is connected")
            continue
        found = f"{name}: equity {balance.equity:,.2f} {balance.currency}, {balance.available:,.2f} free for margin"
        least = accounts[name].limits.min_balance
        if least is not None and balance.equity < least:
            yield problem(
                f"{found}; min_balance is {least:f}", "pay in, or lower the limit", patient.close_by_hand(account=name)
            )
        else:
            yield ok(found)
    for name, contract in _contracts(patient):
        deployment = patient.deployments[name]
        free, quote = balances.get(deployment.account), quotes.get(contract.symbol)
        leverage = accounts[deployment.account].leverage_of(contract.symbol)
        each = margin_for(contract, quote.price if quote else None, leverage)
        if free is None or each is None:
            continue
        sizing = deployment.sizing
        size = sizing.value if sizing.kind is SizingKind.FIXED else Decimal(repr(contract.instrument.mincontract))
        if each * size > free.available:
            found = f"{name}: {size:f} {contract.symbol} need {each * size:,.2f} margin, {free.available:,.2f} are free"
            yield problem(
                found,
                "pay in, trade less or a smaller contract, or close something",
                patient.close_by_hand(deployment=name),
            )


def contracts(patient: Patient) -> Iterator[Finding]:
    from datetime import UTC, datetime

    from pinery.adapters.store.views.paging import Filters
    from pinery.adapters.store.views.records import list_events
    from pinery.app.up.directory import ConfiguredDirectory

    directory = ConfiguredDirectory(patient.configuration)
    today = datetime.fromtimestamp(patient.now / 1000, UTC).date()
    for name, deployment in patient.deployments.items():
        found = directory.contract_for(deployment.symbol, deployment, patient.now)
        if isinstance(found, Denial):
            yield problem(f"{name}: {found.reason}", f"mend symbol or contracts of [deployments.{name}]")
        elif found.last_entry is not None and (found.last_entry - today).days <= _LAST_DAYS:
            do = "nothing where the symbol is continuous (ES1!): it rolls by itself; else name the next month"
            yield warning(f"{name}: {found.symbol} takes no entries from {found.last_entry} on", do)
        else:
            yield ok(f"{name}: {deployment.symbol} is {found.symbol}")
    filters = Filters(deployment=patient.only, since=patient.now - _LAST_DAYS * DAY_MS, limit=_QUOTED)
    for row in patient.read(lambda tx: list_events(tx, filters, kind="contract.rolled")).items:
        yield ok(f"{row.text} ({row.at[:10]})")


def positions(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.paging import Filters
    from pinery.adapters.store.views.records import list_events
    from pinery.adapters.store.views.values import iso
    from pinery.app.config.left_behind import left_behind
    from pinery.trading.broker import Environment

    fine = True
    filters = Filters(since=patient.now - DAY_MS, limit=_MANY)
    kinds = ("position.unprotected", "position.mismatch", "order.foreign")
    told = patient.read(lambda tx: {kind: list_events(tx, filters, kind=kind).items for kind in kinds})
    for kind, events in told.items():
        meant = ("", patient.only)
        rows = [r for r in events if r.account in patient.accounts and (not patient.only or r.deployment in meant)]
        for text, count in Counter(row.text for row in rows).most_common(_QUOTED):
            fine = False
            newest = next(row for row in rows if row.text == text)
            last = newest.at
            times = f", {count} times in 24 hours, last at" if count > 1 else ","
            do = "compare pinery positions with the broker's own list"
            lately = last >= iso(patient.now - HOUR_MS)
            make = problem if lately and kind != "order.foreign" else warning
            yield make(
                f"{text}{times} {last[:19].replace('T', ' ')} UTC", do, patient.close_by_hand(account=newest.account)
            )
    for left in patient.read(lambda tx: left_behind(patient.configuration, tx)):
        if left.deployment == patient.only or not patient.only:
            fine = False
            account = patient.configuration.accounts.get(left.account)
            on_paper = account is not None and account.environment is Environment.PAPER
            yield (warning if on_paper else problem)(str(left), left.do)
    accounts = tuple(patient.accounts)
    held = patient.read(lambda tx: [position for name in accounts for position in tx.positions.of(name)])
    working = patient.read(lambda tx: [order for name in accounts for order in tx.orders.unfinished(name)])
    stops = {(order.deployment, order.symbol) for order in working if order.role is Role.STOP}
    for position in held:
        deployment = patient.deployments.get(position.deployment)
        if not position.side or deployment is None:
            continue
        wants = deployment.bracket.stop is not None or deployment.bracket.trail is not None
        if wants and (position.deployment, position.symbol) not in stops:
            fine = False
            found = f"{position.deployment} holds {position.quantity:f} {position.symbol} without a stop"
            yield problem(
                found, "a worker places it again: pinery up", patient.close_by_hand(deployment=position.deployment)
            )
    if fine:
        yield ok("positions agree with the broker's and have the stops that they should have")


def speed(patient: Patient) -> Iterator[Finding]:
    slowest = quantile(patient.figures.sent, 0.99)
    if slowest is None:
        yield skipped("no order has been sent yet")
        return
    found = f"99% of signals had their order at the broker within {seconds(slowest)} of the alert's receipt"
    if slowest > EXECUTION_TARGET:
        answers = [h for (name, _), h in patient.figures.measured.items() if name == "broker_response"]
        broker = max((quantile(histogram, 0.99) or 0.0 for histogram in answers), default=0.0)
        yield warning(
            f"{found}; the broker answers within {seconds(broker)}", "look at the network and the machine's load"
        )
    else:
        yield ok(found)


def commands(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.records import waiting_commands

    waiting = [row for row in patient.read(waiting_commands) if row.account in patient.accounts]
    for row in waiting:
        do = "a worker must run and reach the broker: pinery up"
        yield warning(
            f"{row.kind} of {row.account}, asked for by {row.by} at {row.at}, waits",
            do,
            patient.close_by_hand(account=row.account),
        )
    if not waiting:
        yield ok("nothing that was asked for by hand waits")


def notifications(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.health import failed_deliveries

    fine = True
    for channel, entry in patient.figures.outbox.items():
        if entry.oldest_seconds * 1000 > _STUCK_MS:
            fine = False
            age = duration(int(entry.oldest_seconds * 1000))
            yield warning(f"{channel}: {entry.count} notifications wait, the oldest for {age}", "a worker sends them")
    for channel, (count, error) in patient.read(lambda tx: failed_deliveries(tx, patient.now - DAY_MS)).items():
        fine = False
        do = f"look at [notify.{channel}] in pinery.toml"
        yield warning(f"{channel}: {count} could not be delivered in 24 hours: {error}", do, "pinery status shows all")
    if fine:
        yield ok("notifications go out")


def _contracts(patient: Patient) -> Iterator[tuple[str, Contract]]:
    """Deployment and contract, where there is one now."""
    from pinery.app.up.directory import ConfiguredDirectory

    directory = ConfiguredDirectory(patient.configuration)
    for name, deployment in patient.deployments.items():
        found = directory.contract_for(deployment.symbol, deployment, patient.now)
        if not isinstance(found, Denial):
            yield name, found


CHECKS = (
    Check("worker", "whether a live worker owns each account", worker),
    Check("connection", "whether accounts are connected to their brokers", connected),
    Check("trading state", "what halts or restricts trading", states),
    Check("orders under way", "orders whose outcome is not known, or that do not leave", orders),
    Check("rejected orders", "what the broker refused in the last 24 hours", rejected),
    Check("risk limits", "which limits refused signals in the last 24 hours", limits),
    Check("prices", "how old the last prices are", prices),
    Check("money", "balance, and the margin that an entry needs", money),
    Check("contracts", "expiry and rolls", contracts),
    Check("positions", "positions that differ from the broker's, or lack their stop", positions),
    Check("execution", "from the alert to the order at the broker", speed),
    Check("commands", "what was asked for by hand and waits", commands),
    Check("notifications", "what waits to be sent, or could not be", notifications),
)
