"""A call of the API, and the row of the table that says what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import Account

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange
    from pinery.simulators.binance.tape import Tape


@dataclass(slots=True)
class Call:
    """``account`` is whoever signed, or whose key it was; None of calls without a key."""

    exchange: Exchange
    tape: Tape
    limits: Limits
    params: Params
    caller: Account | None = None

    @property
    def account(self) -> Account:
        assert self.caller is not None, "a call with a key has an account"
        return self.caller


@dataclass(frozen=True, slots=True)
class Route:
    """``security``: "none", "key" or "signed". ``answer`` gives JSON, or something to await that does.

    ``weight`` may depend on what is asked for; ``weight_of_all``: without a symbol. ``orders``: counted against the
    account's limits of ten seconds and of the minute.
    """

    method: str
    path: str
    answer: Callable[[Call], Any]
    security: str = "signed"
    weight: int | Callable[[Params], int] = 1
    weight_of_all: int | None = None
    orders: tuple[int, int] | None = None

    def weigh(self, params: Params) -> int:
        if self.weight_of_all is not None and not params.text("symbol"):
            return self.weight_of_all
        return self.weight(params) if callable(self.weight) else self.weight
