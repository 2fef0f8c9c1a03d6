"""Logins: users, sessions, tokens and their lives.

A user has a few sessions; one more ends the oldest. A renewal goes on with the same session.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pinery.simulators.tradovate.answers import Call, Failure, Problem
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.terms import required
from pinery.simulators.tradovate.wire import iso

_WRONG = "Incorrect username or password. Please try again, noting that passwords are case-sensitive."
_MOST = {"name": 64, "password": 64, "appId": 64, "appVersion": 64, "deviceId": 64, "cid": 64, "sec": 8192}


@dataclass(slots=True)
class Session:
    """``tokens`` and ``md_tokens`` by when they end, Unix ms."""

    id: int
    user: int
    device: str
    began: int
    tokens: dict[str, int] = field(default_factory=dict, repr=False)
    md_tokens: dict[str, int] = field(default_factory=dict, repr=False)


class Sessions:
    def __init__(self, state: State) -> None:
        self._state = state
        self._sessions: dict[int, Session] = {}
        self._ended: set[str] = set()  # tokens of sessions that were ended by later logins
        for _, record in state.book.records("session"):
            session = Session(**record)
            self._sessions[session.id] = session
        for _, record in state.book.records("ended"):
            self._ended.update(record["tokens"])

    def open(self, user: int | None = None) -> list[Session]:
        """Oldest first."""
        found = (s for s in self._sessions.values() if user is None or s.user == user)
        return sorted(found, key=lambda session: session.id)

    # --- operations -------------------------------------------------------------------

    def accesstokenrequest(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        required(parameters, "name", "password")
        given = dict(parameters)
        if isinstance(given.get("cid"), int):
            given["cid"] = str(given["cid"])
        for name, most in _MOST.items():
            value = given.get(name)
            if value is not None and (not isinstance(value, str) or len(value) > most):
                raise Failure(errorText=f"{name} is a text of at most {most} characters")
        user = self._state.user_id(given["name"])
        known = self._state.user(user) if user is not None else None
        if user is None or known is None or not secrets.compare_digest(known.password, given["password"]):
            raise Failure(errorText=_WRONG)
        if (known.cid and given.get("cid") != known.cid) or (known.sec and given.get("sec") != known.sec):
            raise Failure(errorText="The app is not registered")
        session = Session(self._state.ledger.next_id(), user, given.get("deviceId") or "", self._state.now())
        self._sessions[session.id] = session
        while len(self.open(user)) > self._state.settings.sessions:
            self.end(self.open(user)[0])
        return self._answer(session)

    def renewaccesstoken(self, call: Call) -> dict[str, Any]:
        """Also by a socket, which outlives its token: but what is over is not renewed."""
        session = self._sessions.get(call.session)
        if session is None:
            raise Problem(self._state.settings.evicted_status, "Session is closed")
        if self._state.now() >= max(session.tokens.values()):
            raise Problem(401, "Expired Access Token")
        return self._answer(session)

    def me(self, call: Call) -> dict[str, Any]:
        user = self._state.user(call.user)
        return {"userId": call.user, "name": user.name, "fullName": user.name, "email": "", "emailVerified": True}

    def _answer(self, session: Session) -> dict[str, Any]:
        now = self._state.now()
        ends = now + round(self._state.settings.token_life * 1000)
        for tokens in (session.tokens, session.md_tokens):
            if not tokens or self._state.settings.renewal_changes_token:
                tokens[secrets.token_urlsafe(24)] = ends
            else:
                tokens[next(reversed(tokens))] = ends
        self._keep(session)
        return {
            "accessToken": next(reversed(session.tokens)),
            "mdAccessToken": next(reversed(session.md_tokens)),
            "expirationTime": iso(ends),
            "userStatus": "Active",
            "userId": session.user,
            "name": self._state.user(session.user).name,
            "hasLive": False,
        }

    # --- tokens -----------------------------------------------------------------------

    def find(self, token: str, *, market_data: bool = False) -> Session:
        """Raises Problem for tokens that are none, that are over, or whose session was ended."""
        if token in self._ended:
            raise Problem(self._state.settings.evicted_status, "Session is closed")
        for session in self._sessions.values():
            ends = session.tokens.get(token)
            if ends is None and market_data:
                ends = session.md_tokens.get(token)
            if ends is not None:
                if self._state.now() >= ends:
                    raise Problem(401, "Expired Access Token")
                return session
        raise Problem(401, "Access is denied")

    def end(self, session: Session) -> None:
        tokens = [*session.tokens, *session.md_tokens]
        self._ended.update(tokens)
        self._state.book.put("ended", str(session.id), {"tokens": tokens})
        self._sessions.pop(session.id, None)
        self._state.book.put("session", str(session.id), None)

    def expire(self, session: Session) -> None:
        """Its tokens are over."""
        for tokens in (session.tokens, session.md_tokens):
            for token in tokens:
                tokens[token] = 0
        self._keep(session)

    def _keep(self, session: Session) -> None:
        self._state.book.put("session", str(session.id), asdict(session))
