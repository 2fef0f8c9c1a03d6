"""What a person may order: halt, resume, flatten, cancel, close, a signal by hand.

Every function works in the caller's transaction and leaves three things in it together: the change (or the command
for the account's worker), a line in the audit log, and an event for those who want to be told. The command line and
the API both come here, and need nothing but the store: they work while everything else is down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from pinery.core.errors import UsageError
from pinery.trading.deployments import Deployment
from pinery.trading.errors import NotFound, Refused
from pinery.trading.events import Event
from pinery.trading.messages.words import action_of, unknown_word
from pinery.trading.signals import Source
from pinery.trading.store import Command, CommandKind, Message, StateRow, TradingState, Tx

Channels = Callable[[Event], Iterable[str]]


def no_channels(event: Event) -> tuple[str, ...]:
    """Events are kept in the store and sent to nobody."""
    return ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, when (Unix µs), through what ("terminal", "api"), and why."""

    name: str
    at_us: int
    via: str
    note: str = ""
    channels: Channels = field(default=no_channels)
    live: Collection[str] = ()  # names of accounts with real money

    @property
    def at(self) -> int:
        return self.at_us // 1000

    def tell(self, tx: Tx, event: Event) -> None:
        """Puts what this person did into the outbox."""
        tx.outbox.add([event.with_real_money() if event.account in self.live else event], self.channels)


# --- scopes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """What is configured: accounts, and the account of each deployment."""

    accounts: Collection[str]
    deployments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """``kind`` is "all", "account" or "deployment"; as text "all", "account:paper", "deployment:demo"."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


ALL = Scope("all")


def near(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint for a name that is not there."""
    choices = sorted(known)
    found = get_close_matches(name, choices, n=1, cutoff=0.5)
    if found:
        return f"did you mean {found[0]}?"
    return f"there are: {', '.join(choices)}" if choices else otherwise


def resolve_scope(text: str, names: Names) -> Scope:
    """Reads "all", "account:NAME", "deployment:NAME" or a bare NAME. Raises NotFound."""
    if text == "all":
        return ALL
    kind, colon, name = text.partition(":")
    known: dict[str, Collection[str]] = {"account": names.accounts, "deployment": names.deployments}
    if colon and kind in known:
        if name not in known[kind]:
            raise NotFound(f"there is no {kind} named {name!r}", near(name, known[kind], f"no {kind} is configured"))
        return Scope(kind, name)
    kinds = [kind for kind, members in known.items() if text in members]
    if len(kinds) == 2:
        raise NotFound(
            f"both an account and a deployment are named {text!r}", f"write account:{text} or deployment:{text}"
        )
    if not kinds:
        every = {"all", *names.accounts, *names.deployments}
        raise NotFound(f"there is no account or deployment named {text!r}", near(text, every, ""))
    return Scope(kinds[0], text)


def account_of(scope: Scope, names: Names) -> str:
    """The account that a scope lies in; empty for all."""
    return names.deployments.get(scope.name, "") if scope.kind == "deployment" else scope.name


# --- states ---------------------------------------------------------------------------


def set_state(tx: Tx, scope: Scope, state: TradingState, person: Person, names: Names) -> list[StateRow]:
    """Sets the state of a scope; returns the states in force afterwards that are not ACTIVE."""
    row = StateRow(str(scope), state, person.note, person.name, person.at)
    before = tx.states.all().get(row.scope)
    tx.states.set(row)
    was = before.state if before else TradingState.ACTIVE
    action = {TradingState.ACTIVE: "resume", TradingState.REDUCING: "reduce", TradingState.HALTED: "halt"}[state]
    _record(tx, person, action, row.scope, {"before": was.value, "after": state.value})
    why = f": {person.note}" if person.note else ""
    event = Event(
        "state.changed",
        person.at,
        f"{row.scope} is {state.value} (was {was.value}), by {person.name}{why}",
        deployment=scope.name if scope.kind == "deployment" else "",
        account=account_of(scope, names),
        data={"scope": row.scope, "before": was.value, "after": state.value, "by": person.name, "reason": person.note},
    )
    person.tell(tx, event)
    return [other for other in tx.states.all().values() if other.state is not TradingState.ACTIVE]


def halt(tx: Tx, scope: Scope, person: Person, names: Names) -> list[StateRow]:
    """Nothing is traded in the scope but what protects positions, until ``resume``."""
    return set_state(tx, scope, TradingState.HALTED, person, names)


def resume(tx: Tx, scope: Scope, person: Person, names: Names) -> list[StateRow]:
    """Lifts the state of this scope; returns what still holds other scopes."""
    return set_state(tx, scope, TradingState.ACTIVE, person, names)


# --- commands for the account's worker ------------------------------------------------


def request_flatten(tx: Tx, scope: Scope, person: Person, names: Names) -> list[int]:
    """Asks to cancel the scope's orders and close its positions. Returns the commands' ids, one for each account.

    A deployment that was moved to another account is flattened where it still holds something too.
    """
    if scope.kind == "deployment":
        accounts = [
            account
            for account in names.accounts
            if account == names.deployments[scope.name] or _has_part(tx, account, scope.name)
        ]
    else:
        accounts = [scope.name] if scope.name else list(names.accounts)
    deployment = scope.name if scope.kind == "deployment" else ""
    ids = [
        tx.commands.add(
            Command(CommandKind.FLATTEN, account, person.name, person.at, deployment=deployment, note=person.note)
        )
        for account in accounts
    ]
    _record(tx, person, "flatten", str(scope), {"commands": ids})
    event = Event(
        "flatten.requested",
        person.at,
        f"{person.name} asked to close all positions and cancel all orders of {scope}",
        deployment=deployment,
        account=account_of(scope, names),
        data={"scope": str(scope), "by": person.name, "reason": person.note},
    )
    person.tell(tx, event)
    return ids


def request_cancel(tx: Tx, client_id: str, person: Person) -> int:
    """Asks to cancel an order. Returns the command's id. Raises NotFound, and Refused where the order has ended."""
    order = tx.orders.get(client_id)
    if order is None:
        raise NotFound(f"there is no order {client_id!r}", "`pinery orders` lists them")
    if order.status.is_final:
        raise Refused(f"order {client_id} cannot be canceled: it is {order.status.value} already")
    command = Command(
        CommandKind.CANCEL,
        order.account,
        person.name,
        person.at,
        deployment=order.deployment,
        data={"client_id": client_id},
        note=person.note,
    )
    return _request(tx, command, person, f"order {client_id}", f"asked to cancel order {client_id}", order.signal_id)


def request_close(tx: Tx, deployment: str, symbol: str, person: Person, names: Names) -> list[int]:
    """Asks to close a deployment's position in one contract. Returns the commands' ids.

    Raises NotFound where it holds none.
    """
    accounts = [
        account
        for account in names.accounts
        if any(p.deployment == deployment and p.symbol == symbol and p.side for p in tx.positions.of(account))
    ]
    if not accounts:
        raise NotFound(f"{deployment} holds no position in {symbol}", "`pinery positions` lists them")
    return [
        _request(
            tx,
            Command(
                CommandKind.CLOSE,
                account,
                person.name,
                person.at,
                deployment=deployment,
                data={"deployment": deployment, "symbol": symbol},
                note=person.note,
            ),
            person,
            f"deployment:{deployment}",
            f"asked to close the position of {deployment} in {symbol}",
        )
        for account in accounts
    ]


# --- signals by hand ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ManualSignal:
    """A signal as a person gives it. ``id``: the same id twice is one signal."""

    word: str
    id: str
    symbol: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop: str = ""
    take_profit: str = ""

    def body(self, note: str) -> str:
        """The message in Pinery's own field names."""
        fields: dict[str, str] = {"signal": self.word, "unique_id": self.id}
        optional = {
            "symbol": self.symbol,
            "quantity": "" if self.quantity is None else format(self.quantity, "f"),
            "price": "" if self.price is None else format(self.price, "f"),
            "stop": self.stop,
            "take_profit": self.take_profit,
            "note": note,
        }
        return json.dumps(fields | {name: value for name, value in optional.items() if value}, ensure_ascii=False)


def give_signal(tx: Tx, deployment: Deployment, signal: ManualSignal, person: Person) -> int:
    """Puts the signal into the inbox, where it goes the way of every alert. Returns the message's id.

    Raises UsageError for a word that means nothing to the deployment.
    """
    if action_of(signal.word, deployment.words) is None:
        raise UsageError(str(unknown_word(signal.word, deployment.words)))
    message = Message(
        deployment.name,
        Source.MANUAL,
        signal.body(person.note),
        person.at_us,
        content_type="application/json",
        by=person.name,
    )
    (message_id,) = tx.inbox.add([message])
    _record(tx, person, "signal", f"deployment:{deployment.name}", {"word": signal.word, "message": message_id})
    event = Event(
        "command.given",
        person.at,
        f"{person.name} gave {deployment.name} the signal {signal.word}",
        deployment=deployment.name,
        account=deployment.account,
        data={"word": signal.word, "message": message_id, "by": person.name, "reason": person.note},
    )
    person.tell(tx, event)
    return message_id


# --- inside ---------------------------------------------------------------------------


def _has_part(tx: Tx, account: str, deployment: str) -> bool:
    return any(position.deployment == deployment and position.side for position in tx.positions.of(account)) or any(
        order.deployment == deployment for order in tx.orders.unfinished(account)
    )


def _request(tx: Tx, command: Command, person: Person, scope: str, what: str, signal_id: str = "") -> int:
    number = tx.commands.add(command)
    _record(tx, person, command.kind.value, scope, {"command": number, **command.data})
    event = Event(
        "command.given",
        person.at,
        f"{person.name} {what}",
        deployment=command.deployment,
        account=command.account,
        signal_id=signal_id,
        data={**command.data, "command": number, "by": person.name, "reason": person.note},
    )
    person.tell(tx, event)
    return number


def _record(tx: Tx, person: Person, action: str, scope: str, data: Mapping[str, Any]) -> None:
    tx.audit.add(person.at, person.name, action, scope, person.note, {"via": person.via, **data})
