"""The control endpoint: the market, the faults and the clock of a rehearsal, over HTTP with JSON.

- ``GET /sim/faults``: ``{"kinds": {NAME: {"text", "points"}}, "armed": [...]}``.
- ``POST /sim/faults`` ``{"fault": NAME, "where": "*", "times": 1, "share": 1.0, "after": 0, "options": {}}``: arms one;
  ``times`` null: until cleared. ``where`` is a pattern of points: ``"POST /fapi/v1/order"``, ``"stream *"``.
- ``DELETE /sim/faults`` clears all, ``DELETE /sim/faults?fault=NAME`` one kind.
- ``GET /sim/price``: last and mark prices. ``POST /sim/price`` ``{"symbol": "ETHUSDT", "price": "2000.5",
  "volume": "0", "jumps": true}``: trades take the price there, by a jump or (false) through every price between.
- ``POST /sim/mark`` ``{"symbol", "price"}``: sets the mark price apart; price null joins it to the last price again.
- ``GET /sim/state``: accounts, settings, positions, orders, algos, trades. ``?account=NAME`` of one account only.
- ``POST /sim/rules`` ``{"parts", "partial_share", "slippage_ticks", "maker", "taker", "listen_key_minutes",
  "max_algos"}``: those given are changed; answers all. ``parts``: in how many parts orders fill from now on, one at
  each move; ``partial_share``: of orders that fill in two or three parts by chance.
- ``POST /sim/symbol`` ``{"symbol", "status", "tick", "step", "min_quantity", "min_notional"}``: rules of the symbol,
  those given are changed; ``status`` other than TRADING: orders are refused.
- ``POST /sim/time`` ``{"shift": MS}``: sets how far the venue's clock is ahead of the real one.
- ``POST /sim/streams`` ``{"action": "cut" | "close" | "silence"}``: all streams of accounts, at once.
- ``POST /sim/balance`` ``{"account", "change": "100"}``: a deposit, or a withdrawal below zero.
- ``POST /sim/funding`` ``{"symbol", "rate": "0.0001"}``: longs pay the share of their positions' worth to shorts.
- ``POST /sim/deleverage`` ``{"account", "symbol"}``: the venue closes what the account holds (ADL).

Errors: 400 ``{"error": TEXT, "hint": TEXT}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pinery.core.errors import UsageError
from pinery.simulators.binance import events, filling
from pinery.simulators.binance.errors import VenueError
from pinery.simulators.binance.exchange import Exchange, Rules
from pinery.simulators.binance.records import Account, Income, plain, stored
from pinery.simulators.binance.streams import Streams
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market

#: What of a symbol can be changed.
_RULES = frozenset({"status", "tick", "step", "min_quantity", "min_notional"})


class Control:
    def __init__(self, exchange: Exchange, market: Market, streams: Streams) -> None:
        self._exchange = exchange
        self._market = market
        self._streams = streams
        self._answers: dict[tuple[str, str], Callable[[Request, dict[str, Any]], Any]] = {
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._arm,
            ("DELETE", "faults"): self._clear,
            ("GET", "price"): self._prices,
            ("POST", "price"): self._move,
            ("POST", "mark"): self._mark,
            ("GET", "state"): self._state,
            ("POST", "rules"): self._rules,
            ("POST", "symbol"): self._symbol,
            ("POST", "time"): self._time,
            ("POST", "streams"): self._end_streams,
            ("POST", "balance"): self._balance,
            ("POST", "funding"): self._fund,
            ("POST", "deleverage"): self._deleverage,
        }

    async def answer(self, request: Request) -> Response:
        answer = self._answers.get((request.method, request.url.path.removeprefix("/sim/")))
        if answer is None:
            return JSONResponse({"error": f"there is no {request.method} {request.url.path}"}, 404)
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise UsageError("the body is a JSON object")
            found = answer(request, body)
        except (UsageError, VenueError) as error:
            hint = error.hint if isinstance(error, UsageError) else None
            text = error.message if isinstance(error, UsageError) else error.text
            return JSONResponse({"error": text, "hint": hint}, 400)
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            return JSONResponse({"error": f"the request cannot be read: {error!r}", "hint": None}, 400)
        self._exchange.ledger.commit()
        return JSONResponse(found)

    def _faults(self, request: Request, body: dict[str, Any]) -> Any:
        plan = self._exchange.faults
        kinds = {name: {"text": kind.text, "points": kind.points} for name, kind in plan.kinds.items()}
        told = ("fault", "where", "times", "share", "after", "options")
        return {"kinds": kinds, "armed": [{name: getattr(armed, name) for name in told} for armed in plan.armed]}

    def _arm(self, request: Request, body: dict[str, Any]) -> Any:
        self._exchange.faults.arm(Armed(**body))
        return self._faults(request, {})["armed"]

    def _clear(self, request: Request, body: dict[str, Any]) -> Any:
        self._exchange.faults.clear(request.query_params.get("fault"))
        return self._faults(request, {})["armed"]

    def _prices(self, request: Request, body: dict[str, Any]) -> Any:
        exchange = self._exchange
        return {name: {"last": plain(last), "mark": plain(exchange.mark(name))} for name, last in exchange.last.items()}

    def _move(self, request: Request, body: dict[str, Any]) -> Any:
        facts = self._exchange.symbol(body["symbol"])
        price, volume = Decimal(str(body["price"])), Decimal(str(body.get("volume", 0)))
        if price <= 0:
            raise UsageError(f"a price is above 0, not {price}")
        time = int(body.get("time", self._exchange.now()))
        self._market.move(facts.chart, price, time, volume, jumps=bool(body.get("jumps", True)))
        return self._prices(request, {})

    def _mark(self, request: Request, body: dict[str, Any]) -> Any:
        facts = self._exchange.symbol(body["symbol"])
        self._exchange.set_mark(facts.symbol, None if body["price"] is None else Decimal(str(body["price"])))
        return self._prices(request, {})

    def _state(self, request: Request, body: dict[str, Any]) -> Any:
        return state(self._exchange, request.query_params.get("account"))

    def _rules(self, request: Request, body: dict[str, Any]) -> Any:
        types = {field.name: type(getattr(self._exchange.rules, field.name)) for field in fields(Rules)}
        changes = {name: types[name](str(value)) for name, value in body.items()}
        self._exchange.rules = replace(self._exchange.rules, **changes)
        return {name: str(value) for name, value in asdict(self._exchange.rules).items()}

    def _symbol(self, request: Request, body: dict[str, Any]) -> Any:
        facts = self._exchange.symbol(body.pop("symbol"))
        if unknown := body.keys() - _RULES:
            raise UsageError(f"a symbol has no rule {sorted(unknown)[0]!r}", f"known: {', '.join(sorted(_RULES))}")
        changes: dict[str, Any] = {
            name: value if name == "status" else Decimal(str(value)) for name, value in body.items()
        }
        self._exchange.change(replace(facts, **changes))
        return self._exchange.symbol(facts.symbol).shape()

    def _time(self, request: Request, body: dict[str, Any]) -> Any:
        self._exchange.shift = int(body["shift"])
        self._exchange.look()
        return {"now": self._exchange.now()}

    def _end_streams(self, request: Request, body: dict[str, Any]) -> Any:
        return {"streams": self._streams.end(body["action"])}

    def _balance(self, request: Request, body: dict[str, Any]) -> Any:
        exchange, change = self._exchange, Decimal(str(body["change"]))
        account = self._account(body)
        exchange.ledger.wallet(account, change)
        id = exchange.ledger.next_id("income", 1)
        exchange.ledger.keep(Income(id, account.name, "", "TRANSFER", change, exchange.now()))
        reason = "DEPOSIT" if change > 0 else "WITHDRAW"
        exchange.tell(account.name, events.account_update(exchange, account, reason, [], change))
        return {"wallet": plain(account.wallet)}

    def _fund(self, request: Request, body: dict[str, Any]) -> Any:
        symbol, rate = self._exchange.symbol(body["symbol"]).symbol, Decimal(str(body["rate"]))
        filling.fund(self._exchange, symbol, rate)
        return {"rate": plain(rate)}

    def _deleverage(self, request: Request, body: dict[str, Any]) -> Any:
        symbol = self._exchange.symbol(body["symbol"]).symbol
        filling.deleverage(self._exchange, self._account(body), symbol)
        return state(self._exchange, body["account"])

    def _account(self, body: dict[str, Any]) -> Account:
        if body["account"] not in self._exchange.ledger.accounts:
            raise UsageError(f"there is no account {body['account']!r}")
        return self._exchange.account(body["account"])


def state(exchange: Exchange, account: str | None = None) -> dict[str, Any]:
    """Everything that the venue keeps, or what is one account's. Listen keys are left out."""
    ledger = exchange.ledger
    kinds: dict[str, Any] = {
        "settings": ledger.settings.values(),
        "positions": ledger.positions.values(),
        "orders": ledger.orders.values(),
        "algos": ledger.algos.values(),
        "trades": ledger.trades,
    }
    found: dict[str, Any] = {
        "now": exchange.now(),
        "prices": {name: plain(last) for name, last in exchange.last.items()},
        "accounts": [
            {name: value for name, value in stored(it).items() if name != "listen_key"}
            for it in ledger.accounts.values()
            if account in (None, it.name)
        ],
    }
    for name, records in kinds.items():
        found[name] = [stored(record) for record in records if account in (None, record.account)]
    return found
