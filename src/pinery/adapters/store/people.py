"""People and programs that may use the control API: users, their logins, and tokens.

Passwords are kept as argon2id, logins and tokens as SHA-256 of 256 random bits: the database alone opens nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pinery.adapters.store.tables import logins, tokens, users
from pinery.adapters.store.views.connection import connection
from pinery.core.errors import UsageError
from pinery.trading.errors import NotFound, Refused, StoreError
from pinery.trading.store import Store, Tx

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1024  # bytes are hashed before anybody is known: not without end

#: Wrong passwords that cost nothing; each one more doubles the time out.
FREE_FAILURES = 5
FIRST_LOCK_MS = 5_000
LONGEST_LOCK_MS = 900_000

LONGEST_LOGIN_MS = 7 * 86_400_000
_SEEN_EVERY_MS = 60_000  # how exact "last used" is: not a write for each request

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_hasher = PasswordHasher()


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    TRADER = "trader"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class LockedOut(Refused):
    """Too many wrong passwords. ``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many failed logins", f"try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    created: int  # Unix ms
    disabled: bool
    locked_until: int | None


@dataclass(frozen=True, slots=True)
class Login:
    """A browser's session. ``csrf`` must come with every request that changes something."""

    user: str
    role: Role
    csrf: str
    expires: int


@dataclass(frozen=True, slots=True)
class Token:
    """A program's key; the secret itself is shown once, when it is made."""

    name: str
    role: Role
    created: int
    expires: int | None
    used: int | None
    by: str


# --- users ----------------------------------------------------------------------------


def create_user(store: Store, name: str, password: str, role: Role | str, now: int, by: str = "pinery") -> User:
    """``by`` goes into the audit log, here and below.

    Raises UsageError for a name that is taken or odd, a weak password, an unknown role.
    """
    chosen = parse_role(role)
    _check_name(name, "user")
    hashed = _hash(name, password)

    def work(tx: Tx) -> None:
        if _row(tx, name) is not None:
            raise UsageError(f"there is a user {name!r} already", f"pinery user password {name}")
        values = {"name": name, "password": hashed, "role": chosen.value, "created": now, "disabled": False}
        connection(tx).execute(users.insert().values(**values, failures=0))
        _record(tx, now, by, "user.create", name, role=chosen.value)

    store.write(work)
    return User(name, chosen, now, False, None)


def set_password(store: Store, name: str, password: str, now: int, by: str) -> None:
    """Ends the user's logins and lifts a lock too. Raises NotFound, UsageError."""
    hashed = _hash(name, password)

    def work(tx: Tx) -> None:
        _change(tx, name, password=hashed, failures=0, locked_until=None)
        connection(tx).execute(logins.delete().where(logins.c.user == name))
        _record(tx, now, by, "user.password", name)

    store.write(work)


def set_disabled(store: Store, name: str, disabled: bool, now: int, by: str) -> None:
    """A disabled user's logins end at once. Raises NotFound, Refused for the last admin."""

    def work(tx: Tx) -> None:
        if disabled:
            _keep_an_admin(tx, name)
        _change(tx, name, disabled=disabled)
        if disabled:
            connection(tx).execute(logins.delete().where(logins.c.user == name))
        _record(tx, now, by, "user.disable" if disabled else "user.enable", name)

    store.write(work)


def set_role(store: Store, name: str, role: Role | str, now: int, by: str) -> None:
    """Raises NotFound, UsageError, Refused for the last admin."""
    chosen = parse_role(role)

    def work(tx: Tx) -> None:
        if chosen is not Role.ADMIN:
            _keep_an_admin(tx, name)
        _change(tx, name, role=chosen.value)
        _record(tx, now, by, "user.role", name, role=chosen.value)

    store.write(work)


def list_users(tx: Tx) -> list[User]:
    rows = connection(tx).execute(sa.select(users).order_by(users.c.name))
    return [User(row.name, Role(row.role), row.created, row.disabled, row.locked_until) for row in rows]


def verify(store: Store, name: str, password: str, now: int) -> User | None:
    """The user, or None: unknown, disabled or the wrong password, all after the same work. Raises LockedOut.

    An attempt counts as failed before the password is looked at, so that many at once gain nothing.
    """

    def attempt(tx: Tx) -> sa.Row[tuple[object, ...]] | None:
        row = _row(tx, name, lock=True)
        if row is None:
            return None
        if row.locked_until is not None and row.locked_until > now:
            raise LockedOut(-(-(row.locked_until - now) // 1000))
        failures = row.failures + 1
        over = failures - FREE_FAILURES
        lock = now + min(FIRST_LOCK_MS * 2 ** min(over, 20), LONGEST_LOCK_MS) if over >= 0 else None
        _change(tx, name, failures=failures, locked_until=lock)
        return row

    def succeed(tx: Tx) -> None:
        _change(tx, name, failures=0, locked_until=None)
        if rehashed is not None:
            _change(tx, name, password=rehashed)

    row = store.write(attempt)
    hashed = str(row.password) if row is not None else _nobody()
    right = _matches(hashed, password)
    if row is None or not right or row.disabled:
        return None
    rehashed = _hasher.hash(_bytes(password)) if _hasher.check_needs_rehash(hashed) else None
    store.write(succeed)
    return User(name, Role(row.role), row.created, False, None)


# --- logins ---------------------------------------------------------------------------


def open_login(store: Store, user: str, now: int, idle_ms: int, remote: str = "") -> tuple[str, Login]:
    """A new login and its secret. It ends ``idle_ms`` after its last use, and after a week in any case."""
    secret = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(32)
    expires = now + min(idle_ms, LONGEST_LOGIN_MS)

    def work(tx: Tx) -> Role:
        row = _row(tx, user)
        if row is None:
            raise NotFound(f"there is no user {user!r}")
        connection(tx).execute(logins.delete().where(logins.c.expires <= now))
        values = {"hash": _digest(secret), "user": user, "csrf": csrf, "created": now, "expires": expires}
        connection(tx).execute(logins.insert().values(**values, seen=now, remote=remote))
        return Role(row.role)

    return secret, Login(user, store.write(work), csrf, expires)


def find_login(store: Store, secret: str, now: int, idle_ms: int) -> Login | None:
    """The login of a secret, with its end moved on; None if there is none, or it has ended."""
    query = (
        sa.select(logins, users.c.role)
        .join(users, users.c.name == logins.c.user)
        .where(logins.c.hash == _digest(secret), logins.c.expires > now, ~users.c.disabled)
    )
    row = store.read(lambda tx: connection(tx).execute(query).one_or_none())
    if row is None:
        return None
    expires = min(now + idle_ms, row.created + LONGEST_LOGIN_MS)
    if now - row.seen >= _SEEN_EVERY_MS:
        _touch(store, logins.update().where(logins.c.hash == row.hash).values(seen=now, expires=expires))
    return Login(row.user, Role(row.role), row.csrf, expires)


def close_login(store: Store, secret: str) -> None:
    store.write(lambda tx: connection(tx).execute(logins.delete().where(logins.c.hash == _digest(secret))) and None)


# --- tokens ---------------------------------------------------------------------------


def create_token(
    store: Store, name: str, role: Role | str, now: int, expires: int | None = None, by: str = "pinery"
) -> tuple[str, Token]:
    """A new token and its secret, which is kept nowhere. Raises UsageError for a name that is taken or odd."""
    chosen = parse_role(role)
    _check_name(name, "token")
    if expires is not None and expires <= now:
        raise UsageError("the token would have expired already", "choose a later time")
    secret = "pn_" + secrets.token_urlsafe(32)

    def work(tx: Tx) -> None:
        if connection(tx).execute(sa.select(tokens.c.name).where(tokens.c.name == name)).first():
            raise UsageError(f"there is a token {name!r} already", f"pinery token revoke {name}")
        values = {"hash": _digest(secret), "name": name, "role": chosen.value, "created": now}
        connection(tx).execute(tokens.insert().values(**values, expires=expires, by=by))
        _record(tx, now, by, "token.create", name, role=chosen.value, expires=expires)

    store.write(work)
    return secret, Token(name, chosen, now, expires, None, by)


def find_token(store: Store, secret: str, now: int) -> Token | None:
    """None if there is none, or it has expired."""
    query = sa.select(tokens).where(tokens.c.hash == _digest(secret))
    row = store.read(lambda tx: connection(tx).execute(query).one_or_none())
    if row is None or (row.expires is not None and row.expires <= now):
        return None
    if row.used is None or now - row.used >= _SEEN_EVERY_MS:
        _touch(store, tokens.update().where(tokens.c.hash == row.hash).values(used=now))
    return _token(row)


def list_tokens(tx: Tx) -> list[Token]:
    return [_token(row) for row in connection(tx).execute(sa.select(tokens).order_by(tokens.c.name))]


def revoke_token(store: Store, name: str, now: int, by: str) -> None:
    """Raises NotFound."""

    def work(tx: Tx) -> None:
        if not connection(tx).execute(tokens.delete().where(tokens.c.name == name)).rowcount:
            raise NotFound(f"there is no token named {name!r}", "`pinery token list` shows them")
        _record(tx, now, by, "token.revoke", name)

    store.write(work)


# --- inside ---------------------------------------------------------------------------


def parse_role(role: Role | str) -> Role:
    """Raises UsageError."""
    try:
        return Role(role)
    except ValueError:
        raise UsageError(f"there is no role {role!r}", f"roles are: {', '.join(Role)}") from None


def _check_name(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a {what}", "use up to 64 letters, digits and . _ - @, a letter first"
        )


def _hash(name: str, password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise UsageError("the password is too short", f"use at least {SHORTEST_PASSWORD} characters")
    if len(_bytes(password)) > LONGEST_PASSWORD:
        raise UsageError("the password is too long", f"use at most {LONGEST_PASSWORD} bytes")
    if name.casefold() in password.casefold() and len(password) < len(name) + SHORTEST_PASSWORD:
        raise UsageError("the password is little more than the user's name", "choose another")
    return _hasher.hash(_bytes(password))


@cache
def _nobody() -> str:
    """The hash that stands in for unknown users', so that they take as long."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _matches(hashed: str, password: str) -> bool:
    if len(_bytes(password)) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher.verify(hashed, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")  # a terminal may hand over bytes that are no text


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _row(tx: Tx, name: str, *, lock: bool = False) -> sa.Row[tuple[object, ...]] | None:
    query = sa.select(users).where(users.c.name == name)
    return connection(tx).execute(query.with_for_update() if lock else query).one_or_none()


def _change(tx: Tx, name: str, **values: object) -> None:
    if not connection(tx).execute(users.update().where(users.c.name == name).values(**values)).rowcount:
        raise NotFound(f"there is no user named {name!r}", "`pinery user list` shows them")


def _touch(store: Store, update: sa.Update) -> None:
    """Notes a use. A store that cannot be written (full, read-only) must not keep people from looking at it."""
    with suppress(StoreError):
        store.write(lambda tx: connection(tx).execute(update) and None)


def _record(tx: Tx, now: int, by: str, action: str, name: str, **data: object) -> None:
    tx.audit.add(now, by, action, name, "", data)


def _keep_an_admin(tx: Tx, name: str) -> None:
    others = sa.select(users.c.name).where(users.c.role == Role.ADMIN.value, ~users.c.disabled, users.c.name != name)
    row = _row(tx, name)
    if row is not None and row.role == Role.ADMIN and not connection(tx).execute(others).first():
        raise Refused(f"{name} is the last admin", "make another user an admin first")


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    return Token(row.name, Role(row.role), row.created, row.expires, row.used, row.by)
