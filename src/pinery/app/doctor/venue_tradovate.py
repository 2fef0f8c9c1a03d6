"""What Tradovate says of an account, with the login that is kept; a new login is only made where nobody is at work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pinery.app.doctor.checking import Finding, ok, problem, skipped, warning
from pinery.app.doctor.network import TIMEOUT
from pinery.app.doctor.patient import Patient

if TYPE_CHECKING:
    from pinery.adapters.tradovate.settings import TradovateSettings
    from pinery.trading.contracts import Contract
    from pinery.trading.deployments import Account

_OFFSET = 5.0  # seconds
_ALARMS = 50  # level of a log


def look_at_tradovate(
    patient: Patient, account: Account, settings: TradovateSettings, contracts: Mapping[str, Contract]
) -> Iterator[Finding]:
    import httpx

    from pinery.adapters.common.hosts import is_this_machine

    name = account.name
    local = is_this_machine(httpx.URL(settings.rest_url).host)
    try:
        with httpx.Client(base_url=settings.rest_url, timeout=TIMEOUT, trust_env=not local) as client:
            yield _reached(name, client.get("/auth/me"))
            token, said = _token(settings)
            if not token:
                yield said or skipped(f"{name}: there is no login to ask with")
                return
            client.headers["Authorization"] = f"Bearer {token}"
            yield from _account(name, settings, client)
            for deployment, contract in contracts.items():
                yield from _contract(deployment, contract, client, patient)
    except httpx.HTTPError as error:
        do = "look at the network and Tradovate's status page; it is closed Mon-Thu 16-17 h and at week-ends, Chicago"
        found = f"{name}: {settings.rest_url} cannot be reached: {type(error).__name__}"
        yield problem(found, do, patient.close_by_hand(account=name))


def _reached(name: str, answer: Any) -> Finding:
    """Any answer will do: without a token it says no."""
    stated = answer.headers.get("date", "")
    try:
        there = datetime.strptime(stated, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return ok(f"{name}: Tradovate answers")
    offset = (datetime.now(UTC) - there).total_seconds()
    if abs(offset) > _OFFSET:
        return warning(f"{name}: this clock is {offset:+.0f} s off Tradovate's", "let the system keep its clock by NTP")
    return ok(f"{name}: Tradovate answers, the clocks agree")


def _token(settings: TradovateSettings) -> tuple[str, Finding | None]:
    from pinery.adapters.tradovate.auth import Auth
    from pinery.adapters.tradovate.errors import Failure
    from pinery.adapters.tradovate.limits import Limits
    from pinery.adapters.tradovate.session import UserLock
    from pinery.adapters.tradovate.transport import Transport
    from pinery.app.up.clock import SystemClock
    from pinery.trading.errors import BrokerError

    async def get() -> tuple[str, Finding | None]:
        clock = SystemClock()
        limits = Limits(
            clock, settings.actions_per_second, settings.burst, settings.actions_per_hour, settings.waits.queue
        )
        transport = Transport(settings.rest_url, TIMEOUT, limits, settings.waits)
        try:
            auth = Auth(settings, transport, clock)
            kept = auth.kept()
            if kept is not None:
                return kept.access, None
            lock = UserLock(settings)
            try:
                lock.take()
            except BrokerError as error:
                return "", skipped(f"{error.message}, and has not kept its login yet")
            try:
                auth.load()  # somebody may have logged in since it was read
                return (await auth.token()).access, None
            except Failure as failure:
                do = (
                    "look at username and password, and at cid and sec of the API key: Tradovate sells API access apart"
                )
                return "", problem(f"{settings.username} cannot log in at Tradovate: {failure.reason}", do)
            finally:
                lock.release()
        finally:
            await transport.close()

    with _quiet():
        return asyncio.run(get())


@contextmanager
def _quiet() -> Iterator[None]:
    """What the adapter logs by the way would stand among the findings."""
    import structlog

    was, before = structlog.is_configured(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_ALARMS))
    try:
        yield
    finally:
        if was:
            structlog.configure(**before)
        else:
            structlog.reset_defaults()


def _account(name: str, settings: TradovateSettings, client: Any) -> Iterator[Finding]:
    answer = client.get("/account/list")
    if answer.status_code == 401:
        yield warning(f"{name}: the login that was kept has ended", "a worker logs in again: pinery up")
        return
    accounts = {str(row.get("name")): row for row in _rows(answer)}
    found = accounts.get(settings.account)
    if found is None:
        names = ", ".join(sorted(accounts)) or "none"
        do = f"write one of its accounts as account of [accounts.{name}]: {names}"
        yield problem(f"{name}: {settings.username} has no account {settings.account} there", do)
    elif found.get("active") is False or found.get("closed"):
        yield problem(f"{name}: the account {settings.account} is closed or not active", "ask Tradovate")
    elif found.get("restricted"):
        yield warning(f"{name}: the account {settings.account} is restricted", "ask Tradovate what is allowed")
    else:
        yield ok(f"{name}: the login is valid, and the account {settings.account} is there")


def _contract(deployment: str, contract: Contract, client: Any, patient: Patient) -> Iterator[Finding]:
    """Month, tick, value of a point, and when it rolls."""
    from pinery.adapters.tradovate.contracts import venue_name
    from pinery.market.rolls import UnknownRoot, parse_contract, roll_day

    try:
        name = venue_name(contract.symbol, patient.now)
    except Exception as error:
        yield problem(f"{deployment}: {error}", f"mend the symbol of [deployments.{deployment}]")
        return
    there = _one(client, "/contract/find", name=name)
    if not there:
        yield problem(f"{deployment}: Tradovate has no contract {name}", f"mend [deployments.{deployment}]")
        return
    maturity = _one(client, "/contractMaturity/item", id=there.get("contractMaturityId"))
    product = _one(client, "/product/item", id=maturity.get("productId"))
    differences = [
        f"{what} is {ours} here and {theirs} there"
        for what, ours, theirs in (
            ("the tick", float(contract.tick), product.get("tickSize")),
            ("the value of a point", float(contract.point_value), product.get("valuePerPoint")),
        )
        if theirs is not None and float(theirs) != ours
    ]
    if differences:
        yield problem(f"{deployment}: {contract.symbol}: {', '.join(differences)}", "mend the symbols file")
        return
    month, rolls = parse_contract(contract.symbol.rpartition(":")[2]), ""
    if month is not None:
        try:
            rolls = f", rolls on {roll_day(month.root, month.year, month.month)}"
        except (UnknownRoot, ValueError):
            rolls = ""
    expires = str(maturity.get("expirationDate", ""))[:10] or "unknown"
    yield ok(f"{deployment}: {contract.symbol} is {name} there, expires {expires}{rolls}")


def _one(client: Any, path: str, **values: Any) -> Mapping[str, Any]:
    answer = client.get(path, params=values)
    found = answer.json() if answer.is_success and answer.content else {}
    return found if isinstance(found, dict) else {}


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    found = answer.json() if answer.is_success and answer.content else []
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
