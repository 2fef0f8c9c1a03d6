"""Logins by a link that works once: for a user's first look, and for whoever lost the password.

Only hashes of the codes are kept, as of every other secret; a row goes when its code is used.
"""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa

from pinery.adapters.store.people import Role, User
from pinery.adapters.store.tables import one_time_logins, users
from pinery.adapters.store.views.connection import connection
from pinery.core.errors import UsageError
from pinery.trading.errors import NotFound, Refused
from pinery.trading.store import Store, Tx

LASTS_MS = 15 * 60_000
LONGEST_MS = 7 * 86_400_000


def make_code(store: Store, user: str, now: int, lasts_ms: int = LASTS_MS, by: str = "pinery") -> str:
    """A code of 256 bits that logs ``user`` in once until ``now + lasts_ms``.

    Raises NotFound for an unknown user, Refused for a disabled one, UsageError for a time that is too long.
    """
    if not 0 < lasts_ms <= LONGEST_MS:
        raise UsageError("a login link lasts more than 0 seconds and up to 7 days", "for example --for 15m")
    code = secrets.token_urlsafe(32)

    def work(tx: Tx) -> None:
        row = connection(tx).execute(sa.select(users.c.disabled).where(users.c.name == user)).one_or_none()
        if row is None:
            raise NotFound(f"there is no user named {user!r}", "`pinery user list` shows them")
        if row.disabled:
            raise Refused(f"{user} is disabled", f"pinery user disable {user} --undo")
        connection(tx).execute(one_time_logins.delete().where(one_time_logins.c.expires <= now))
        values = {"hash": _digest(code), "user": user, "created": now, "expires": now + lasts_ms}
        connection(tx).execute(one_time_logins.insert().values(**values))
        tx.audit.add(now, by, "user.link", user, "", {"expires": now + lasts_ms})

    store.write(work)
    return code


def use_code(store: Store, code: str, now: int) -> User | None:
    """Whom the code logs in; None if it is wrong, used, too old, or its user disabled."""
    digest = _digest(code)
    query = (
        sa.select(users, one_time_logins.c.expires)
        .join(one_time_logins, one_time_logins.c.user == users.c.name)
        .where(one_time_logins.c.hash == digest)
    )

    def work(tx: Tx) -> User | None:
        row = connection(tx).execute(query).one_or_none()
        # Of two that come at once, one deletes the row.
        used = connection(tx).execute(one_time_logins.delete().where(one_time_logins.c.hash == digest)).rowcount
        if row is None or not used or row.expires <= now or row.disabled:
            return None
        return User(row.name, Role(row.role), row.created, False, row.locked_until)

    return store.write(work)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
