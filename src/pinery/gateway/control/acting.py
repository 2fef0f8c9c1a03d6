"""Routes that change: states, commands, signals by hand. What they do is in ``trading/control``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from pinery.adapters.store.views.records import CommandRow, commands_by_id
from pinery.adapters.store.views.status import StateView
from pinery.adapters.store.views.values import iso
from pinery.gateway.control.answers import Trader, answer, person
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS, ProblemError
from pinery.gateway.control.requests import (
    CancelBody,
    CloseBody,
    FlattenBody,
    HaltBody,
    Name,
    ResumeBody,
    SignalBody,
)
from pinery.trading import control
from pinery.trading.control import ManualSignal, near, resolve_scope
from pinery.trading.errors import NotFound
from pinery.trading.store import StateRow, TradingState, Tx


@dataclass(frozen=True, slots=True)
class StatesAnswer:
    """``states``: every scope that may not trade freely now."""

    scope: str
    states: tuple[StateView, ...]


@dataclass(frozen=True, slots=True)
class CommandsAnswer:
    """What accounts' workers were asked to do; GET /commands/ID tells what came of each."""

    commands: tuple[CommandRow, ...]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """``message``: GET /messages/ID tells which signal it became."""

    message: int


def acting_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["trading"], responses=PROBLEMS)
    write = parts.store.write

    @router.post("/halt", response_model=StatesAnswer)
    def halt(body: HaltBody, who: Trader) -> Response:
        """The kill switch: no signal is traded in the scope until it is resumed. Protection stays."""
        names = parts.names()
        scope = resolve_scope(body.scope, names)
        by = person(parts, who, body.reason)
        rows = write(lambda tx: control.set_state(tx, scope, TradingState(body.state), by, names))
        return answer(StatesAnswer(str(scope), _states(rows)))

    @router.post("/resume", response_model=StatesAnswer)
    def resume(body: ResumeBody, who: Trader) -> Response:
        """Lift a halt of this very scope; the answer shows what still holds others."""
        names = parts.names()
        scope = resolve_scope(body.scope, names)
        by = person(parts, who, body.reason)
        return answer(StatesAnswer(str(scope), _states(write(lambda tx: control.resume(tx, scope, by, names)))))

    @router.post("/flatten", response_model=CommandsAnswer, status_code=202)
    def flatten(body: FlattenBody, who: Trader) -> Response:
        """Cancel the scope's orders and close its positions."""
        names = parts.names()
        scope = resolve_scope(body.scope, names)
        if body.confirm not in (str(scope), scope.name or str(scope)):
            raise ProblemError(422, "confirm", "the confirmation does not name the scope", f"confirm: {scope}")
        by = person(parts, who, body.reason)

        def work(tx: Tx) -> list[CommandRow]:
            if body.halt:
                control.halt(tx, scope, by, names)
            return commands_by_id(tx, control.request_flatten(tx, scope, by, names))

        return answer(CommandsAnswer(tuple(write(work))), 202)

    @router.post("/orders/{client_id}/cancel", response_model=CommandsAnswer, status_code=202)
    def cancel(client_id: Name, body: CancelBody, who: Trader) -> Response:
        """Cancel a working order."""
        by = person(parts, who, body.reason)
        return _commanded(lambda tx: [control.request_cancel(tx, client_id, by)])

    @router.post("/positions/close", response_model=CommandsAnswer, status_code=202)
    def close(body: CloseBody, who: Trader) -> Response:
        """Close a deployment's position in one contract."""
        by, names = person(parts, who, body.reason), parts.names()
        return _commanded(lambda tx: control.request_close(tx, body.deployment, body.symbol, by, names))

    @router.post("/deployments/{name}/signals", response_model=GivenAnswer, status_code=202)
    def give_signal(name: Name, body: SignalBody, who: Trader) -> Response:
        """Give a signal by hand: it is checked and traded like every alert."""
        deployments = parts.configuration().deployments
        deployment = deployments.get(name)
        if deployment is None:
            raise NotFound(f"there is no deployment named {name!r}", near(name, deployments, "none is configured"))
        signal = ManualSignal(
            body.signal,
            body.id or f"manual-{secrets.token_hex(8)}",
            body.symbol,
            body.quantity,
            body.price,
            body.stop,
            body.take_profit,
        )
        by = person(parts, who, body.note)
        return answer(GivenAnswer(write(lambda tx: control.give_signal(tx, deployment, signal, by))), 202)

    def _commanded(request: Any) -> Response:
        return answer(CommandsAnswer(tuple(write(lambda tx: commands_by_id(tx, request(tx))))), 202)

    return router


def _states(rows: list[StateRow]) -> tuple[StateView, ...]:
    return tuple(StateView(row.scope, row.state.value, row.reason, row.by, iso(row.at)) for row in rows)
