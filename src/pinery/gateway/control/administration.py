"""Routes for admins: users and tokens."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from pinery.adapters.store import people
from pinery.adapters.store.people import Role, Token, User
from pinery.adapters.store.views.values import iso, iso_or_none
from pinery.gateway.control.answers import Admin, Done, answer
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import Name, TokenBody, UserBody, UserChange

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class UserAnswer:
    name: str
    role: Role
    created: str
    disabled: bool
    locked_until: str | None


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    name: str
    role: Role
    created: str
    expires: str | None
    used: str | None
    by: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """``secret`` is shown this once."""

    secret: str
    token: TokenAnswer


def administration_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["administration"], responses=PROBLEMS)
    store = parts.store

    @router.get("/users", response_model=tuple[UserAnswer, ...])
    def get_users(who: Admin) -> Response:
        """Everybody who may log in."""
        return answer([user_answer(user) for user in store.read(people.list_users)])

    @router.post("/users", response_model=UserAnswer, status_code=201)
    def add_user(body: UserBody, who: Admin) -> Response:
        """Add somebody."""
        made = people.create_user(store, body.name, body.password, body.role, parts.clock.now(), who.name)
        return answer(user_answer(made), 201)

    @router.patch("/users/{name}", response_model=Done)
    def change_user(name: Name, body: UserChange, who: Admin) -> Response:
        """Change role or password, disable or enable. A new password and a disabling end the user's sessions."""
        now = parts.clock.now()
        done = []
        if body.role is not None:
            people.set_role(store, name, body.role, now, who.name)
            done.append(f"role {body.role.value}")
        if body.password is not None:
            people.set_password(store, name, body.password, now, who.name)
            done.append("new password")
        if body.disabled is not None:
            people.set_disabled(store, name, body.disabled, now, who.name)
            done.append("disabled" if body.disabled else "enabled")
        return answer(Done(f"{name}: {', '.join(done) or 'nothing changed'}"))

    @router.get("/tokens", response_model=tuple[TokenAnswer, ...])
    def get_tokens(who: Admin) -> Response:
        """Tokens of programs, without their secrets."""
        return answer([token_answer(token) for token in store.read(people.list_tokens)])

    @router.post("/tokens", response_model=NewToken, status_code=201)
    def add_token(body: TokenBody, who: Admin) -> Response:
        """Make a token for a program. Its secret is in this answer and nowhere else."""
        now = parts.clock.now()
        expires = None if body.days is None else now + body.days * _DAY_MS
        secret, token = people.create_token(store, body.name, body.role, now, expires, who.name)
        return answer(NewToken(secret, token_answer(token)), 201)

    @router.delete("/tokens/{name}", response_model=Done)
    def revoke_token(name: Name, who: Admin) -> Response:
        """End a token."""
        people.revoke_token(store, name, parts.clock.now(), who.name)
        return answer(Done(f"token {name} is revoked"))

    return router


def user_answer(user: User) -> UserAnswer:
    return UserAnswer(user.name, user.role, iso(user.created), user.disabled, iso_or_none(user.locked_until))


def token_answer(token: Token) -> TokenAnswer:
    return TokenAnswer(
        token.name, token.role, iso(token.created), iso_or_none(token.expires), iso_or_none(token.used), token.by
    )
