"""``nz`` and the accessors of volume footprints, which are always na here."""

from __future__ import annotations

from typing import TypeVar

from pinery.runtime.values import NAN

V = TypeVar("V")


def nz(source: V, replacement: V) -> V:
    return replacement if source is None or source != source else source


def iff(condition: bool | None, then: V, otherwise: V) -> V:
    return then if condition else otherwise


def nz_color(source: int | None) -> int:
    """Fully transparent black for na."""
    return 0 if source is None else source


def footprint_buy_volume(id: object) -> float:
    return NAN


footprint_sell_volume = footprint_total_volume = footprint_delta = footprint_buy_volume
row_up_price = row_down_price = row_buy_volume = row_sell_volume = row_total_volume = row_delta = footprint_buy_volume


def footprint_poc(id: object) -> None:
    return None


footprint_vah = footprint_val = footprint_rows = footprint_poc


def footprint_row_by_price(id: object, price: float) -> None:
    return None


def row_has_buy_imbalance(id: object) -> bool:
    return False


row_has_sell_imbalance = row_has_buy_imbalance
