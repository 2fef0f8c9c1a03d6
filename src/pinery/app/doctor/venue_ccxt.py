"""What an exchange says through ccxt: whether it answers, knows the key, and has the contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pinery.app.doctor.checking import Finding, ok, problem
from pinery.app.doctor.patient import Patient

if TYPE_CHECKING:
    from pinery.adapters.ccxt.mapping import Markets
    from pinery.adapters.ccxt.settings import CcxtSettings
    from pinery.trading.contracts import Contract
    from pinery.trading.deployments import Account


def look_at_ccxt(
    patient: Patient, account: Account, settings: CcxtSettings, contracts: Mapping[str, Contract]
) -> Iterator[Finding]:
    from pinery.adapters.ccxt.errors import words
    from pinery.adapters.ccxt.exchange import make_exchange
    from pinery.adapters.ccxt.mapping import Markets

    async def ask() -> list[Finding]:
        exchange = make_exchange(settings)
        found: list[Finding] = []
        try:
            try:
                markets = Markets(exchange.id, await exchange.load_markets(), settings.symbols)
                found.append(ok(f"{account.name}: {exchange.id} answers"))
            except Exception as error:
                return [
                    problem(f"{account.name}: {words(error)}", "look at the network and the exchange's status page")
                ]
            try:
                await exchange.fetch_balance({"type": "swap"})
                found.append(ok(f"{account.name}: the key is valid"))
            except Exception as error:
                do = "look at the key's secrets, its permissions and its IP whitelist"
                found.append(problem(f"{account.name}: {words(error)}", do))
            for deployment, contract in contracts.items():
                found.append(_contract(account.name, deployment, contract, exchange, markets))
        finally:
            await exchange.close()
        return found

    yield from asyncio.run(ask())


def _contract(account: str, deployment: str, contract: Contract, exchange: Any, markets: Markets) -> Finding:
    from pinery.trading.errors import Rejected

    try:
        market = markets.market(contract.symbol)
    except Rejected as error:
        return problem(f"{deployment}: {error.reason}", f"name it in symbols of [accounts.{account}], as ccxt does")
    if not exchange.feature_value(market["symbol"], "createOrder", "stopLossPrice"):
        do = "trade without a stop, or at another exchange"
        return problem(f"{deployment}: ccxt places no stop orders for {market['symbol']}", do)
    step, tick = market["precision"]["amount"], market["precision"]["price"]
    return ok(f"{deployment}: {contract.symbol} is {market['symbol']}, in steps of {step} at ticks of {tick}")
