"""What Binance says of an account, asked with its own key. Nothing is changed: leverage and modes are set by the worker
when it connects, and are only compared here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pinery.app.doctor.checking import Finding, ok, problem, skipped, warning
from pinery.app.doctor.network import TIMEOUT
from pinery.app.doctor.patient import Patient

if TYPE_CHECKING:
    from pinery.adapters.binance.settings import BinanceSettings
    from pinery.trading.contracts import Contract
    from pinery.trading.deployments import Account

_OFFSET_MS = 1_000  # a clock that is further off makes requests fail unless it is corrected, which the worker does
_KEY_CODES = (-2014, -2015, -1022)


class _Refused(Exception):
    """``code`` of Binance, 0 without one."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def look_at_binance(
    patient: Patient, account: Account, settings: BinanceSettings, contracts: Mapping[str, Contract]
) -> Iterator[Finding]:
    import httpx

    name = account.name
    try:
        with httpx.Client(base_url=settings.rest_url, timeout=TIMEOUT, trust_env=not settings.is_local) as client:
            offset = _offset(client)
            if abs(offset) > _OFFSET_MS:
                do = "let the system keep its clock by NTP; the worker corrects it for requests meanwhile"
                yield warning(f"{name}: this clock is {offset / 1000:+.1f} s off Binance's", do)
            else:
                yield ok(f"{name}: Binance answers, the clocks agree within {abs(offset)} ms")
            ask = _Asker(client, settings, offset)
            yield from _account(name, ask)
            yield from _symbols(patient, name, settings, ask, contracts)
    except httpx.HTTPError as error:
        do = "look at the network, a firewall, and Binance's status page"
        yield problem(
            f"{name}: {settings.rest_url} cannot be reached: {type(error).__name__}",
            do,
            patient.close_by_hand(account=name),
        )
    except _Refused as refused:
        yield _refusal(name, refused)


def _offset(client: Any) -> int:
    """Ms that this clock is ahead of Binance's."""
    before = time.time()
    server = _answer(client.get("/fapi/v1/time"))["serverTime"]
    return round((before + time.time()) * 500) - int(server)


class _Asker:
    def __init__(self, client: Any, settings: BinanceSettings, offset: int) -> None:
        self._client = client
        self._settings = settings
        self._offset = offset

    def __call__(self, path: str, **values: str) -> Any:
        """Raises _Refused."""
        from pinery.adapters.binance.auth import signed

        stamp = {
            "recvWindow": str(self._settings.recv_window),
            "timestamp": str(round(time.time() * 1000) - self._offset),
        }
        form = signed({**values, **stamp}, self._settings.signer()).decode()
        return _answer(self._client.get(f"{path}?{form}", headers={"X-MBX-APIKEY": self._settings.api_key}))

    def facts(self) -> Any:
        return _answer(self._client.get("/fapi/v1/exchangeInfo"))


def _answer(answer: Any) -> Any:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not answer.is_success:
        found = body if isinstance(body, dict) else {}
        raise _Refused(int(found.get("code", 0)), f"HTTP {answer.status_code}, {found.get('msg') or 'without words'}")
    return body


def _refusal(name: str, refused: _Refused) -> Finding:
    if refused.code in _KEY_CODES:
        do = "look at key and secret in pinery.secrets.toml, the key's permission for futures, and its IP whitelist; "
        return problem(f"{name}: Binance does not take the key: {refused}", do + "keys of demo and live differ")
    return problem(
        f"{name}: Binance refuses questions: {refused}", "wait for its rate limits, or look at its status page"
    )


def _account(name: str, ask: _Asker) -> Iterator[Finding]:
    about = ask("/fapi/v1/accountConfig")
    if about.get("canTrade") is False:
        yield problem(f"{name}: the key may not trade", "allow futures for the API key at Binance")
    else:
        yield ok(f"{name}: the key is valid and may trade")
    if about.get("dualSidePosition"):
        do = "a worker sets one-way mode when it connects; that needs an account without positions and orders"
        yield warning(f"{name}: the account is in hedge mode", do)
    else:
        yield ok(f"{name}: position mode is one-way")
    if about.get("multiAssetsMargin"):
        do = "sizes and limits count the account's currency alone, not other assets: use single-asset mode"
        yield warning(f"{name}: the account is in multi-assets mode", do)


def _symbols(
    patient: Patient, name: str, settings: BinanceSettings, ask: _Asker, contracts: Mapping[str, Contract]
) -> Iterator[Finding]:
    from pinery.adapters.binance.instruments import Instruments, venue_name
    from pinery.trading.errors import Rejected

    if not contracts:
        yield skipped(f"{name}: no deployment trades in it")
        return
    known = Instruments(ask.facts())
    for deployment, contract in contracts.items():
        try:
            venue = venue_name(contract.symbol)
            rules = known.rules(venue)
        except Rejected as error:
            yield problem(f"{deployment}: {error.reason}", f"mend the symbol of [deployments.{deployment}]")
            continue
        if not rules.tradable:
            yield problem(f"{deployment}: {venue} is not traded now", "look at Binance's announcements")
        yield from _size(patient, deployment, contract, rules)
        rows = ask("/fapi/v1/symbolConfig", symbol=venue)
        for row in rows if isinstance(rows, list) else [rows]:
            yield from _terms(deployment, settings, contract, row)


def _size(patient: Patient, deployment: str, contract: Contract, rules: Any) -> Iterator[Finding]:
    """A fixed size against the filters of the symbol, at the last price known."""
    from pinery.trading.deployments import SizingKind
    from pinery.trading.errors import Rejected

    sizing = patient.deployments[deployment].sizing
    price = None
    if patient.opened is not None:
        quote = patient.read(lambda tx: tx.standings.quotes()).get(contract.symbol)
        price = quote.price if quote is not None else None
    size = sizing.value if sizing.kind is SizingKind.FIXED else None
    if size is None:
        terms = rules.terms
        least = f"{terms.least:f} or more in steps of {terms.step:f}, worth {terms.least_notional:f} or more"
        yield ok(f"{deployment}: {rules.name} takes {least}; sizes follow that")
        return
    size = replace(contract, terms=rules.terms).quantity_down(size) or size  # as it would be sent
    try:
        rules.check(size, at_market=True, prices=(), notional=size * price if price is not None else None)
    except Rejected as error:
        yield problem(f"{deployment}: {error.reason}", f"change size of [deployments.{deployment}]")
    else:
        yield ok(f"{deployment}: {size:f} {rules.name} fit what Binance takes")


def _terms(deployment: str, settings: BinanceSettings, contract: Contract, row: Mapping[str, Any]) -> Iterator[Finding]:
    wanted, there = settings.leverage_of(contract.symbol), Decimal(str(row["leverage"]))
    margin = {"CROSSED": "cross", "ISOLATED": "isolated"}.get(str(row["marginType"]).upper(), str(row["marginType"]))
    found = f"{deployment}: leverage {there:f}, margin {margin}"
    differs = (wanted is not None and wanted != there) or settings.margin_type not in (None, margin)
    if differs:
        asked = f"{wanted or 'any'}, {settings.margin_type or 'any'}"
        yield warning(f"{found}; configured is {asked}", "a worker sets it before the first order: pinery up")
    elif wanted is None and there != 1 and contract.margin is None:
        found += "; none is configured, and margin is checked as if it were 1"
        yield warning(found, f"write leverage = {there:f} in the account: entries are denied (MARGIN) too early else")
    else:
        yield ok(found)
