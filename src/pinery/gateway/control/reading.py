"""Routes that show: lists, details, the state of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views import orders as order_views
from pinery.adapters.store.views import positions as position_views
from pinery.adapters.store.views import records, signals
from pinery.adapters.store.views.paging import Filters, Page
from pinery.adapters.store.views.status import StatusView, status
from pinery.gateway.control.answers import answer, found, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import (
    Name,
    QueryText,
    Serial,
    Since,
    event_filters,
    list_filters,
    message_filters,
    record_filters,
)
from pinery.trading.deployments import Account
from pinery.trading.events import Severity
from pinery.trading.orders.model import Status
from pinery.trading.store import MessageStatus, Outcome

Listed = Annotated[Filters, Depends(list_filters)]
Recorded = Annotated[Filters, Depends(record_filters)]


@dataclass(frozen=True, slots=True)
class DeploymentAnswer:
    """``settings`` as configured; ``risk`` what a trade risks and may win, in money."""

    name: str
    account: str
    symbol: str
    timeframe: str
    stage: str
    paused: bool
    settings: dict[str, Any]
    risk: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    name: str
    broker: str
    environment: str
    currency: str
    settings: dict[str, Any]


def reading_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    read = parts.store.read

    @router.get("/status", response_model=StatusView)
    def get_status() -> Response:
        """States, components, accounts, positions, what waits, what is wrong."""
        configuration = parts.configuration()
        now = parts.clock.now()
        accounts, deployments = configuration.accounts, configuration.deployments
        return answer(read(lambda tx: status(tx, accounts, deployments, parts.point_value, now)))

    @router.get("/signals", response_model=Page[signals.SignalRow])
    def get_signals(filters: Listed, outcome: Outcome | None = None) -> Response:
        """Signals and what became of them, newest first."""
        return answer(read(lambda tx: signals.list_signals(tx, filters, outcome.value if outcome else "")))

    @router.get("/signals/{signal_id}", response_model=signals.SignalDetail)
    def get_signal(signal_id: Name) -> Response:
        """One signal: the raw message, every step of the decision, orders, fills, latencies."""
        return found(read(lambda tx: signals.signal_detail(tx, signal_id)), f"signal {signal_id!r}")

    @router.get("/messages", response_model=Page[signals.MessageRow])
    def get_messages(
        filters: Annotated[Filters, Depends(message_filters)], status: MessageStatus | None = None
    ) -> Response:
        """What arrived, as it arrived; `status=unparsed` shows what could not be understood."""
        return answer(read(lambda tx: signals.list_messages(tx, filters, status)))

    @router.get("/messages/{message_id}", response_model=signals.MessageRow)
    def get_message(message_id: Serial) -> Response:
        """One message; `signal_id` once it has become a signal."""
        return found(read(lambda tx: signals.message(tx, message_id)), f"message {message_id}")

    @router.get("/orders", response_model=Page[order_views.OrderRow])
    def get_orders(filters: Listed, status: Status | None = None, unfinished: bool = False) -> Response:
        """Orders, newest first; `unfinished` those that have not ended."""
        return answer(read(lambda tx: order_views.list_orders(tx, filters, status, unfinished=unfinished)))

    @router.get("/orders/{client_id}", response_model=order_views.OrderDetail)
    def get_order(client_id: Name) -> Response:
        """One order with its history, its fills and what the venue said."""
        return found(read(lambda tx: order_views.order_detail(tx, client_id)), f"order {client_id!r}")

    @router.get("/fills", response_model=Page[order_views.FillRow])
    def get_fills(filters: Listed) -> Response:
        """Fills, newest first."""
        return answer(read(lambda tx: order_views.list_fills(tx, filters)))

    @router.get("/positions", response_model=tuple[position_views.PositionRow, ...])
    def get_positions(
        deployment: QueryText = "",
        account: QueryText = "",
        symbol: QueryText = "",
        flat: Annotated[bool, Query(description="Also positions that were closed.")] = False,
    ) -> Response:
        """What is held, with open profit at the last prices known."""

        def work(tx: Any) -> Any:
            return position_views.list_positions(
                tx, parts.point_value, deployment=deployment, account=account, symbol=symbol, flat=flat
            )

        return answer(read(work))

    @router.get("/trades", response_model=Page[position_views.TradeRow])
    def get_trades(filters: Listed) -> Response:
        """Closed round trips, newest first."""
        return answer(read(lambda tx: position_views.list_trades(tx, filters)))

    @router.get("/equity", response_model=tuple[position_views.EquityRow, ...])
    def get_equity(
        account: QueryText = "",
        since: Since = None,
        limit: Annotated[int, Query(ge=1, le=20_000)] = 1440,
        step: Annotated[int, Query(ge=1, le=10_080, description="Of so many minutes, the last point.")] = 1,
    ) -> Response:
        """Points of the equity curve, oldest first, a minute at most."""
        return answer(read(lambda tx: position_views.list_equity(tx, account, since, limit, step)))

    @router.get("/events", response_model=Page[records.EventRow])
    def get_events(
        filters: Annotated[Filters, Depends(event_filters)],
        severity: Severity | None = None,
        kind: Annotated[QueryText, Query(description="A kind or its beginning.", examples=["order."])] = "",
    ) -> Response:
        """What happened, newest first."""
        return answer(read(lambda tx: records.list_events(tx, filters, severity.value if severity else "", kind)))

    @router.get("/commands/{command_id}", response_model=records.CommandRow)
    def get_command(command_id: Serial) -> Response:
        """What came of a flatten, cancel or close."""
        rows = read(lambda tx: records.commands_by_id(tx, [command_id]))
        return found(rows[0] if rows else None, f"command {command_id}")

    @router.get("/deployments", response_model=tuple[DeploymentAnswer, ...])
    def get_deployments() -> Response:
        """Deployments as configured, with risk and reward per trade."""
        return answer([_deployment(parts, one) for one in parts.configuration().deployments.values()])

    @router.get("/accounts", response_model=tuple[AccountAnswer, ...])
    def get_accounts() -> Response:
        """Accounts as configured, without what only the broker's adapter needs."""
        return answer([_account(account) for account in parts.configuration().accounts.values()])

    return router


def audit_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["administration"], responses=PROBLEMS, dependencies=[needs(Role.ADMIN)])

    @router.get("/audit", response_model=Page[records.AuditRow])
    def get_audit(filters: Recorded) -> Response:
        """Who did what, newest first."""
        return answer(parts.store.read(lambda tx: records.list_audit(tx, filters)))

    return router


def _deployment(parts: Parts, deployment: Any) -> DeploymentAnswer:
    risk = parts.risk(deployment) if parts.risk is not None else None
    return DeploymentAnswer(
        deployment.name,
        deployment.account,
        deployment.symbol,
        deployment.timeframe,
        deployment.stage.value,
        deployment.paused,
        _facts(deployment),
        None if risk is None else dict(risk),
    )


def _account(account: Account) -> AccountAnswer:
    settings = {name: value for name, value in _facts(account).items() if name != "options"}
    return AccountAnswer(account.name, account.broker, account.environment.value, account.currency, settings)


def _facts(value: Any) -> Any:
    """Settings in terms of JSON."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _facts(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _facts(part) for name, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_facts(part) for part in value]
    return value.isoformat() if isinstance(value, time) else value
