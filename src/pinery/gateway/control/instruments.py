"""Facts of the contracts that are traded: who shows prices and money needs them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fastapi import APIRouter
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.positions import held_symbols
from pinery.adapters.store.views.values import Number
from pinery.gateway.control.answers import answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.market.symbols import lookup


@dataclass(frozen=True, slots=True)
class InstrumentAnswer:
    """Prices are multiples of ``tick``; a move of 1 in the price of one contract is ``point_value`` in ``currency``."""

    symbol: str
    tick: Number
    point_value: Number
    currency: str


def instrument_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])

    @router.get("/instruments", response_model=tuple[InstrumentAnswer, ...])
    def get_instruments() -> Response:
        """Symbols of the deployments, and every contract that was ever held."""
        configuration = parts.configuration()
        symbols = {deployment.symbol for deployment in configuration.deployments.values()}
        symbols |= parts.store.read(held_symbols)
        return answer([_facts(parts, symbol) for symbol in sorted(symbols - {""})])

    return router


def _facts(parts: Parts, symbol: str) -> InstrumentAnswer:
    found = lookup(symbol, parts.configuration().symbol_table)
    tick = Decimal(found.minmove) / Decimal(found.pricescale)
    return InstrumentAnswer(symbol, tick, Decimal(repr(found.pointvalue)), found.currency)
