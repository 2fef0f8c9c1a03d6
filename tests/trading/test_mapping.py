"""From senders' names to contracts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import DataError
from pinery.market.symbols import load
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment
from pinery.trading.mapping import contract_for, contract_held, contract_of, held_contracts, margin_for
from pinery.trading.margins import built_in
from pinery.trading.positions.model import Lot, Position

D = Decimal
ES = Deployment("spx", "paper", "CME_MINI:ES1!")
ETH = Deployment("eth", "paper", "BINANCE:ETHUSDT.P")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago")).timestamp() * 1000)


NOW = at("2026-11-23 10:00")


def symbol_of(found: Contract | Denial) -> str:
    assert isinstance(found, Contract), found
    return found.symbol


def denied(found: Contract | Denial | tuple[str, ...]) -> Denial:
    assert isinstance(found, Denial), found
    return found


@pytest.mark.parametrize(
    "name", ["", "ES", "es", " ES1! ", "CME_MINI:ES1!", "CME:ES1!", "ESZ2026", "ESZ26", "ESZ6", "CME_MINI:ESZ6"]
)
def test_names_of_the_front_month(name: str) -> None:
    assert symbol_of(contract_for(name, ES, NOW)) == "CME_MINI:ESZ2026"


def test_other_months_of_the_same_future() -> None:
    assert symbol_of(contract_for("ES2!", ES, NOW)) == "CME_MINI:ESH2027"
    assert symbol_of(contract_for("ESH2027", ES, NOW)) == "CME_MINI:ESH2027"
    assert "ESF2027 does not exist" in denied(contract_for("ESF2027", ES, NOW)).reason


def test_the_front_month_changes_with_the_trading_day() -> None:
    assert symbol_of(contract_for("", ES, at("2026-12-13 16:59"))) == "CME_MINI:ESZ2026"
    assert symbol_of(contract_for("", ES, at("2026-12-13 17:00"))) == "CME_MINI:ESH2027"
    assert symbol_of(contract_for("", ES, at("2026-12-10 12:00"), rolls={"ES": "thursday"})) == "CME_MINI:ESH2027"


def test_facts_of_a_contract() -> None:
    found = contract_for("", ES, NOW)
    assert isinstance(found, Contract)
    assert (found.root, found.expiry, found.last_entry) == ("ES", date(2026, 12, 18), date(2026, 12, 18))
    assert (found.tick, found.point_value, found.step) == (D("0.25"), 50, 1)
    assert found.margin == built_in()["ES"]
    own = contract_for("", ES, NOW, margins={"ES": D(500)})
    assert isinstance(own, Contract)
    assert own.margin == 500
    assert contract_of("CME_MINI:ESZ2026") == found


def test_expired_contracts() -> None:
    denial = denied(contract_for("ESM2025", ES, NOW))
    assert denial == Denial("CONTRACT_EXPIRED", "CME_MINI:ESM2025 expired on 2025-06-20; the front contract is ESZ2026")
    assert "expires on 2026-12-18, today" in denied(contract_for("ESZ6", ES, at("2026-12-18 07:00"))).reason
    assert symbol_of(contract_for("ESZ6", ES, at("2026-12-17 16:30"))) == "CME_MINI:ESZ2026"
    gold = Deployment("gold", "paper", "COMEX:GCZ2026")
    reason = denied(contract_for("", gold, at("2026-11-27 10:00"))).reason
    assert "COMEX:GCZ2026 may not be opened since 2026-11-27" in reason
    assert "the front contract is GCG2027" in reason
    assert symbol_of(contract_for("", gold, at("2026-11-25 10:00"))) == "COMEX:GCZ2026"


@pytest.mark.parametrize(
    "name",
    ["ETHUSDT.P", "BINANCE:ETHUSDT.P", "ETHUSDT", "ETHUSDTPERP", "ETHUSDT.PERP", "ETH/USDT:USDT", "ETH-USDT", ""],
)
def test_names_of_a_perpetual(name: str) -> None:
    found = contract_for(name, ETH, NOW)
    assert symbol_of(found) == "BINANCE:ETHUSDT.P"
    assert isinstance(found, Contract)
    assert found.expiry is found.margin is None


def test_stocks_on_any_exchange() -> None:
    assert symbol_of(contract_for("BATS:AAPL", Deployment("a", "p", "NASDAQ:AAPL"), NOW)) == "NASDAQ:AAPL"


@pytest.mark.parametrize("name", ["NQ1!", "MES1!", "MESZ2026", "ETHUSDT", "S", "ES3", "BINANCE:", ":", "!", "ES1!ES1!"])
def test_a_symbol_that_the_deployment_does_not_trade(name: str) -> None:
    denial = denied(contract_for(name, ES, NOW))
    assert denial.code == "SYMBOL_UNKNOWN"
    assert denial.reason == f"spx does not trade {name}: the names it knows are CME_MINI:ES1!, ES1!, ES"


def test_delayed_feeds_are_refused() -> None:
    for name in ("CME_MINI_DL:ES1!", "CME_MINI_DLY:ES1!", "ES1!_DL"):
        assert "delayed feed" in denied(contract_for(name, ES, NOW)).reason


def test_names_of_ones_own() -> None:
    both = Deployment("both", "p", "CME_MINI:ES1!", symbols={"nas": "CME_MINI:MNQ1!", "US500": "CME_MINI:MES1!"})
    assert symbol_of(contract_for("NAS", both, NOW)) == "CME_MINI:MNQZ2026"
    assert symbol_of(contract_for("MNQ", both, NOW)) == "CME_MINI:MNQZ2026"
    assert symbol_of(contract_for("CAPITALCOM:US500", both, NOW)) == "CME_MINI:MESZ2026"
    assert "US500" in denied(contract_for("RTY", both, NOW)).reason


@pytest.mark.parametrize("key", ["CME_MINI:ES1!", "ES1!", "ES", "es1!"])
@pytest.mark.parametrize("target", ["CME_MINI:ESH2027", "ESH2027", "ESH7"])
def test_a_contract_named_by_hand(key: str, target: str) -> None:
    by_hand = Deployment("spx", "paper", "CME_MINI:ES1!", contracts={key: target})
    assert symbol_of(contract_for("ES", by_hand, NOW)) == "CME_MINI:ESH2027"
    assert symbol_of(contract_for("ESZ6", by_hand, NOW)) == "CME_MINI:ESZ2026"  # the sender named a month
    assert symbol_of(contract_for("ES2!", by_hand, NOW)) == "CME_MINI:ESH2027"


def test_a_contract_named_by_hand_expires_too() -> None:
    old = Deployment("spx", "paper", "CME_MINI:ES1!", contracts={"ES1!": "CME_MINI:ESU2026"})
    reason = denied(contract_for("", old, NOW)).reason
    assert reason == "CME_MINI:ESU2026 (by hand for CME_MINI:ES1!) expired on 2026-09-18; the front contract is ESZ2026"
    wrong = Deployment("spx", "paper", "CME_MINI:ES1!", contracts={"ES1!": "CME_MINI:ES"})
    assert "names no contract month" in denied(contract_for("", wrong, NOW)).reason


def test_futures_without_a_roll_rule(tmp_path: Path) -> None:
    dax = Deployment("dax", "p", "EUREX:FDAX1!")
    assert "point value is not known" in denied(contract_for("", dax, NOW)).reason
    own = tmp_path / "symbols.toml"
    own.write_text('[symbols]\n"EUREX:FDAX" = { type = "futures", pointvalue = 25, currency = "EUR" }\n', "utf-8")
    table = load(own)
    reason = denied(contract_for("", dax, NOW, table=table)).reason
    assert reason == (
        'no expiry rule is known for the future FDAX: name its contract by hand, as contracts = {"EUREX:FDAX1!" = "…"}'
    )
    named = Deployment("dax", "p", "EUREX:FDAX1!", contracts={"EUREX:FDAX1!": "EUREX:FDAXZ2026"})
    assert symbol_of(contract_for("FDAX", named, NOW, table=table)) == "EUREX:FDAXZ2026"
    assert "month that is over" in denied(contract_for("", named, at("2027-01-02 10:00"), table=table)).reason


@given(st.text(max_size=30), st.sampled_from([ES, ETH]))
def test_any_name_is_a_contract_or_a_denial(name: str, deployment: Deployment) -> None:
    assert isinstance(contract_for(name, deployment, NOW), Contract | Denial)
    assert isinstance(held_contracts(name, deployment, []), tuple | Denial)


def test_facts_of_what_is_held() -> None:
    assert contract_of("CME_MINI:ESM2025").expiry == date(2025, 6, 20)
    assert contract_of("BINANCE:PEPEUSDT.P").tick == D("1e-8")  # in no table: no coarse step is made up
    with pytest.raises(DataError, match="is no contract of a future"):
        contract_of("CME_MINI:ES1!")
    with pytest.raises(DataError, match="ESF2027 does not exist: ES has the months H, M, U, Z"):
        contract_of("CME_MINI:ESF2027")


def test_what_is_held_has_facts_in_any_case() -> None:
    """A hand's serial month that is in no list of ours must not stop the desk."""
    assert contract_held("CME_MINI:ESZ2026") == contract_of("CME_MINI:ESZ2026")
    strange = contract_held("CME_MINI:ESF2027")
    assert (strange.symbol, strange.root, strange.expiry, strange.tick) == ("CME_MINI:ESF2027", "ES", None, D("0.25"))
    assert strange.margin == built_in()["ES"]


# --- exits ----------------------------------------------------------------------------


def holding(deployment: Deployment, symbol: str, quantity: int = 1) -> Position:
    lots = (Lot(D(abs(quantity)), D(100), 0, D(0), "c", "s"),) if quantity else ()
    return Position(deployment.name, "paper", symbol, (quantity > 0) - (quantity < 0), lots)


def test_exits_act_on_the_contract_held_also_after_a_roll() -> None:
    held = [
        holding(ES, "CME_MINI:ESU2026", 0),
        holding(ES, "CME_MINI:ESZ2026", -2),
        holding(Deployment("other", "paper", "CME_MINI:ES1!"), "CME_MINI:ESH2027"),
    ]
    for name in ("", "ES", "ES1!", "CME_MINI_DL:ES1!", "ESZ2026", "ESZ6"):
        assert held_contracts(name, ES, held) == ("CME_MINI:ESZ2026",), name
    assert held_contracts("ESH2027", ES, held) == ()
    assert denied(held_contracts("NQ1!", ES, held)).code == "SYMBOL_UNKNOWN"
    assert held_contracts("", ES, []) == ()


def test_exits_of_several_symbols() -> None:
    both = Deployment("both", "p", "CME_MINI:ES1!", symbols={"NAS": "CME_MINI:NQ1!"}, contracts={"NQ1!": "MNQZ2026"})
    held = [holding(both, "CME_MINI:ESZ2026"), holding(both, "CME_MINI:MNQZ2026")]
    assert held_contracts("", both, held) == ("CME_MINI:ESZ2026", "CME_MINI:MNQZ2026")
    assert held_contracts("ES", both, held) == ("CME_MINI:ESZ2026",)
    assert held_contracts("NAS", both, held) == ("CME_MINI:MNQZ2026",)
    for name in ("MNQZ2026", "MNQZ6"):  # no name it knows, but just what it holds
        assert held_contracts(name, both, held) == ("CME_MINI:MNQZ2026",)
    pair = Deployment("pair", "p", "BINANCE:ETHUSDT.P", symbols={"B": "BINANCE:BTCUSDT.P"})
    coins = [holding(pair, "BINANCE:ETHUSDT.P"), holding(pair, "BINANCE:BTCUSDT.P")]
    assert held_contracts("ETHUSDT", pair, coins) == ("BINANCE:ETHUSDT.P",)


# --- margins --------------------------------------------------------------------------


def test_margin() -> None:
    assert margin_for(contract_of("CME_MINI:ESZ2026"), None, D(1)) == built_in()["ES"]
    eth = contract_of("BINANCE:ETHUSDT.P")
    assert margin_for(eth, D(3000), D(10)) == 300
    assert margin_for(eth, None, D(10)) is None
    for name in ("ETHUSDT.P", "BINANCE:ETHUSDT.P"):
        assert margin_for(contract_of("BINANCE:ETHUSDT.P", margins={name: D(40)}), None, D(10)) == 40
    assert contract_of("NYSE:ES").margin is None  # a stock that is called like a future
    assert all(margin > 0 for margin in built_in().values())
