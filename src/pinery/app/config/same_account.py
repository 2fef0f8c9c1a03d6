"""Accounts of the file that are one account at the venue: two desks would trade its one position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from pinery.adapters.common.hosts import is_this_machine
from pinery.app.config.findings import Finding
from pinery.app.config.secrets import Secrets, variable
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account


class _Identity(NamedTuple):
    """What an account is at its venue. ``proof`` may hold a key: it is compared and never shown."""

    place: str
    proof: tuple[str, ...]
    option: str  # that would have to be another one
    words: str


def same_account_findings(accounts: Mapping[str, Account], secrets: Secrets) -> Iterator[Finding]:
    """An error for every account that an earlier one of the file is already.

    Several keys of one account cannot be told from the keys of several accounts here.
    """
    known: dict[tuple[str, tuple[str, ...]], str] = {}
    for name, account in accounts.items():
        identity = _identity(account, secrets)
        if identity is None:
            continue
        first = known.setdefault((identity.place, identity.proof), name)
        if first != name:
            message = (
                f"{name} and {first} are one account: {identity.words}; each would take the other's orders and "
                f'positions for foreign; keep one of the two sections, with account = "{first}" in all deployments, '
                "or name another account of the venue here"
            )
            yield Finding(("accounts", name, identity.option), message)


def _identity(account: Account, secrets: Secrets) -> _Identity | None:
    """None for paper accounts, whose book is their own."""
    if account.environment is Environment.PAPER:
        return None
    options, place = account.options, _place(account)
    if account.broker == "tradovate":
        log_in = (options["username"].casefold(), options["account"].casefold())
        return _Identity(place, log_in, "account", f"the same account of the same log-in, {account.environment}")
    # The same key may come by another adapter: a key belongs to one exchange.
    proof = (_secret(options["api_key_secret"], secrets),)
    return _Identity(place, proof, "api_key_secret", f"the same API key, {account.environment}")


def _place(account: Account) -> str:
    """Simulators may give out the same key: what listens on another port of this machine is another venue."""
    address = urlsplit(account.options.get("rest_url") or "")
    if is_this_machine(address.hostname or ""):
        return f"port {address.port}"
    return account.environment.value


def _secret(name: str, secrets: Secrets) -> str:
    return secrets.value(name).strip() if secrets.has(name) else variable(name)
