"""Contracts and products: names, ids, facts, expiries, rolling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulators.tradovate.venue import SetClock, Venue, order

pytestmark = pytest.mark.anyio

# root, tick, money per point, of the table that the venue publishes
FACTS = (
    ("ES", "0.25", "50"),
    ("MES", "0.25", "5"),
    ("NQ", "0.25", "20"),
    ("MNQ", "0.25", "2"),
    ("RTY", "0.1", "50"),
    ("M2K", "0.1", "5"),
    ("YM", "1", "5"),
    ("MYM", "1", "0.5"),
    ("CL", "0.01", "1000"),
    ("MCL", "0.01", "100"),
    ("GC", "0.1", "100"),
    ("MGC", "0.1", "10"),
)


async def test_products(venue: Venue) -> None:
    rest = await venue.rest()
    for root, tick, point in FACTS:
        product = await rest.get("product/find", name=root)
        assert (Decimal(product["tickSize"]), Decimal(product["valuePerPoint"])) == (Decimal(tick), Decimal(point))
    assert len(await rest.get("product/list")) == len(FACTS)
    assert (await rest.answer("GET", "product/find", name="ZZ")).status_code == 404


@pytest.mark.parametrize(
    ("name", "month", "expires", "notice"),
    [
        ("ESZ6", 202612, "2026-12-18", None),
        ("ESH7", 202703, "2027-03-19", None),
        ("MNQZ6", 202612, "2026-12-18", None),
        ("CLF7", 202701, "2026-12-21", None),
        ("GCG7", 202702, "2027-02-24", "2027-01-29"),
    ],
)
async def test_contracts_and_maturities(venue: Venue, name: str, month: int, expires: str, notice: str | None) -> None:
    rest = await venue.rest()
    found = await rest.get("contract/find", name=name)
    assert found["name"] == name and await rest.get("contract/item", id=found["id"]) == found
    maturity = await rest.get("contractMaturity/item", id=found["contractMaturityId"])
    assert maturity["expirationMonth"] == month and maturity["expirationDate"].startswith(expires)
    assert maturity.get("firstIntentDate", "")[:10] == (notice or "")
    product = await rest.get("product/item", id=maturity["productId"])
    assert name.startswith(product["name"])


async def test_front_months_roll_before_they_expire() -> None:
    async def front(day: int) -> str:
        async with Venue(clock=SetClock(day)) as venue:
            rest = await venue.rest()
            found = await rest.get("contract/suggest", t="ES", l=1)
            maturity = await rest.get("contractMaturity/item", id=found[0]["contractMaturityId"])
            assert maturity["isFront"] is True
            return str(found[0]["name"])

    friday, tuesday = 1_797_004_800_000, 1_797_350_400_000  # 2026-12-11 and 2026-12-15, 16:00 UTC
    assert await front(friday) == "ESZ6" and await front(tuesday) == "ESH7"


async def test_names_that_are_suggested_and_that_do_not_exist(venue: Venue) -> None:
    rest = await venue.rest()
    assert [c["name"] for c in await rest.get("contract/suggest", t="ES", l=3)] == ["ESZ6", "ESH7", "ESM7"]
    for name in ("ESF7", "ES1!", "GCF7", "BTCZ6"):
        assert (await rest.answer("GET", "contract/find", name=name)).status_code == 404


async def test_rolling(venue: Venue) -> None:
    rest = await venue.rest()

    async def roll(name: str, forward: bool, **more: bool) -> str:
        found = await rest.post("contract/rollcontract", {"name": name, "forward": forward, **more})
        return str(found["contract"]["name"])

    assert await roll("ESZ6", True) == "ESH7" and await roll("ESH7", False) == "ESZ6"
    assert await roll("CLZ6", True) == "CLF7" and await roll("GCZ6", True) == "GCG7"
    assert await roll("ESZ6", True, ifExpired=True) == "ESZ6" and await roll("ESU6", True, ifExpired=True) == "ESZ6"
    assert (await rest.answer("POST", "contract/rollcontract", {"name": "ESZ6"})).status_code == 400


async def test_continuous_symbols_of_the_market_mean_the_front_month(venue: Venue) -> None:
    rest = await venue.rest()
    venue.market.move("CME_MINI:MES1!", Decimal("6000.25"), venue.clock.now())
    placed = await rest.post("order/placeorder", order() | {"symbol": "MESZ6"})
    (fill,) = await rest.get("fill/deps", masterid=placed["orderId"])
    assert fill["price"] == Decimal("6000.25")
    venue.market.move("NASDAQ:AAPL", Decimal(200), venue.clock.now())  # nothing that is traded here
