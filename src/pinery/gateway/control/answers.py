"""Results as JSON with exact numbers, and what routes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.values import to_json
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.guard import Identity, identity
from pinery.gateway.control.problems import ProblemError
from pinery.trading.control import Person
from pinery.trading.deployments import live_accounts
from pinery.trading.errors import NotFound


def answer(value: Any, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


def found(value: Any, what: str) -> Response:
    if value is None:
        raise NotFound(f"there is no {what}")
    return answer(value)


def needs(role: Role) -> Any:
    """A dependency of routes: who asks, if the role suffices."""

    def check(request: Request) -> Identity:
        who = identity(request)
        if not who.role.covers(role):
            raise ProblemError(403, "forbidden", f"this needs the role {role.value}; yours is {who.role.value}")
        return who

    return Depends(check)


Viewer = Annotated[Identity, needs(Role.VIEWER)]
Trader = Annotated[Identity, needs(Role.TRADER)]
Admin = Annotated[Identity, needs(Role.ADMIN)]


def person(parts: Parts, who: Identity, note: str = "") -> Person:
    live = live_accounts(parts.configuration().accounts)
    return Person(who.name, parts.clock.now() * 1000, "api", note, parts.channels, live)


@dataclass(frozen=True, slots=True)
class Done:
    """What was changed, in a sentence."""

    done: str
