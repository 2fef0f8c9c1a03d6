"""Orders, fills and contracts in few words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pinery.core.instrument import Instrument
from pinery.trading.contracts import Contract
from pinery.trading.orders.model import Fill, Order, OrderType, Role, Side, client_order_id

ES = Contract(
    "CME_MINI:ESZ2026",
    Instrument(
        "CME_MINI",
        "ESZ2026",
        type="futures",
        pricescale=100,
        minmove=25,
        pointvalue=50.0,
        timezone="America/Chicago",
        session="1700-1600",
    ),
    root="ES",
    margin=Decimal(22000),
)
NQ = Contract(
    "CME_MINI:NQZ2026",
    Instrument("CME_MINI", "NQZ2026", type="futures", pricescale=100, minmove=25, pointvalue=20.0),
    root="NQ",
    margin=Decimal(33000),
)
ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, minmove=1, mincontract=0.001, qty_step=0.001, currency="USDT"),
)


def order(
    side: Side = Side.BUY,
    quantity: str | Decimal = "1",
    role: Role = Role.ENTRY,
    signal: str = "aaaaaaaaaaaaa",
    contract: Contract = ES,
    number: int = 0,
    **more: Any,
) -> Order:
    return Order(
        client_id=more.pop("client_id", None) or client_order_id(signal, role, number),
        signal_id=signal,
        deployment=more.pop("deployment", "demo"),
        account="paper",
        symbol=contract.symbol,
        side=side,
        type=more.pop("type", OrderType.MARKET),
        role=role,
        quantity=Decimal(quantity),
        **more,
    )


def fill_of(
    order: Order,
    trade_id: str,
    price: str | Decimal,
    quantity: str | Decimal | None = None,
    fee: str | Decimal = "0",
    time: int = 1000,
) -> Fill:
    return Fill(
        order.client_id,
        trade_id,
        order.symbol,
        order.side,
        order.quantity if quantity is None else Decimal(quantity),
        Decimal(price),
        time,
        Decimal(fee),
    )
