"""Messages as people send them, and the signal that each one is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from pinery.trading.deployments import Direction
from pinery.trading.distances import parse
from pinery.trading.messages import FORMATS, Unreadable, explain, read_message
from pinery.trading.signals import Action, EntryType, Signal, Source
from tests.trading.messages.reading import RECEIVED, deployment, message, read

A, D = Action, Decimal
BAR, FIRED = 1_748_871_000_000, 1_748_871_300_000  # 13:30:00 and 13:35:00

#: (message, what the signal must say; everything else must be as in a Signal without it)
CASES: list[tuple[str, dict[str, Any]]] = [
    # --- the mission's own
    (
        '{"signal":"IN","instrument":"ES","timeframe":"1M"}',
        {"action": A.ENTER_LONG, "word": "IN", "symbol": "ES", "timeframe": "1"},
    ),
    ('{"signal":"OUT","instrument":"ES","timeframe":"5m"}', {"action": A.EXIT, "symbol": "ES", "timeframe": "5"}),
    ('{"signal":"CALL","instrument":"ES","timeframe":"1h"}',
     {"action": A.ENTER_LONG, "symbol": "ES", "timeframe": "60"}),
    ('{"signal":"put","instrument":"NQ","timeframe":"D"}',
     {"action": A.ENTER_SHORT, "symbol": "NQ", "timeframe": "1D"}),
    (
        '{"action":"buy","symbol":"ESM2025","qty":1,"price":5932.25}',
        {"action": A.BUY, "word": "buy", "symbol": "ESM2025", "quantity": D(1), "price": D("5932.25")},
    ),
    # --- text
    ("CME_MINI:ES1! IN", {"action": A.ENTER_LONG, "word": "IN", "symbol": "CME_MINI:ES1!"}),
    ("BINANCE:ETHUSDT.P OUT\n", {"action": A.EXIT, "symbol": "BINANCE:ETHUSDT.P"}),
    ("ES IN", {"action": A.ENTER_LONG, "symbol": "ES"}),
    ("Buy ES1!", {"action": A.BUY, "symbol": "ES1!"}),
    ("IN", {"action": A.ENTER_LONG}),
    ('"flat"', {"action": A.EXIT}),
    ("close long", {"action": A.EXIT_LONG}),
    ("MES go-short", {"action": A.ENTER_SHORT, "symbol": "MES"}),
    ("\ufeffreverse", {"action": A.REVERSE}),
    (
        "MA Cross (9, 21): order buy @ 1 filled on ES1!. New strategy position is 1",
        {"action": A.TARGET, "word": "buy", "symbol": "ES1!", "quantity": D(1), "target": D(1), "target_side": 1},
    ),
    (
        "S: order sell @ 2.5 filled on ETHUSDT.P. New strategy position is -1.25",
        {
            "action": A.TARGET, "word": "sell", "symbol": "ETHUSDT.P", "quantity": D("2.5"), "target": D("-1.25"),
            "target_side": -1,
        },
    ),
    (
        "S: order sell @ 1 filled on ES1!. New strategy position is 0",
        {"action": A.TARGET, "symbol": "ES1!", "quantity": D(1), "target": D(0), "target_side": 0},
    ),
    # --- TradingView's placeholders under the names that people use
    (
        '{"action":"sell","contracts":"2","price":"5932.25","id":"Short","comment":"go","market_position":"short",'
        '"market_position_size":"1","prev_market_position":"long","prev_market_position_size":"1","ticker":"ES1!",'
        '"exchange":"CME_MINI","interval":"5","time":"2025-06-02T13:30:00Z","timenow":"2025-06-02T13:35:00Z",'
        '"close":5931}',
        {
            "action": A.TARGET, "word": "sell", "quantity": D(2), "price": D("5932.25"), "order_id": "Short",
            "comment": "go", "target": D(-1), "target_side": -1, "previous": D(1), "symbol": "CME_MINI:ES1!",
            "timeframe": "5", "bar_time": BAR, "sent": FIRED,
        },
    ),
    (
        # the often copied one with nested objects; "time" outside the bar is when the alert fired
        '{"passphrase":"x","time":"2025-06-02T13:35:00Z","exchange":"BINANCE","ticker":"ETHUSDT.P",'
        '"bar":{"time":"2025-06-02T13:30:00Z","open":2510,"high":2520,"low":2500,"close":2517.4,"volume":812.5},'
        '"strategy":{"position_size":0.5,"order_action":"buy","order_contracts":1.5,"order_price":2517,'
        '"order_id":"Long","market_position":"long","market_position_size":0.5,"prev_market_position":"short",'
        '"prev_market_position_size":1}}',
        {
            "action": A.TARGET, "word": "buy", "quantity": D("1.5"), "price": D(2517), "order_id": "Long",
            "target": D("0.5"), "target_side": 1, "previous": D(-1), "symbol": "BINANCE:ETHUSDT.P", "bar_time": BAR,
            "sent": FIRED,
        },
    ),
    (
        '{"strategy":{"order":{"action":"sell","contracts":3,"price":10}},"ticker":"MES1!","volume":5,"open":9}',
        {"action": A.SELL, "quantity": D(3), "price": D(10), "symbol": "MES1!"},
    ),
    ('{"market_position":"flat","ticker":"ES1!"}', {"action": A.TARGET, "word": "flat", "symbol": "ES1!",
                                                    "target": D(0), "target_side": 0}),
    ('{"position":"short","ticker":"ES1!"}', {"action": A.TARGET, "symbol": "ES1!", "target_side": -1}),
    ('{"strategy.position_size":"-2"}', {"action": A.TARGET, "target": D(-2), "target_side": -1}),
    ('{"target_position":3,"symbol":"ES"}', {"action": A.TARGET, "target": D(3), "target_side": 1, "symbol": "ES"}),
    (
        '{"action":"close","market_position":"long","market_position_size":1,"prev_market_position":"flat"}',
        {"action": A.EXIT, "word": "close", "previous": D(0)},
    ),
    ('{"message":"S: order buy @ 1 filled on ES1!. New strategy position is 1"}',
     {"action": A.TARGET, "symbol": "ES1!", "quantity": D(1), "target": D(1), "target_side": 1}),
    ('{"text":"ES IN"}', {"action": A.ENTER_LONG, "symbol": "ES"}),
    # --- side and action in two fields
    ('{"action":"open","side":"short","symbol":"ES"}', {"action": A.ENTER_SHORT, "word": "open short", "symbol": "ES"}),
    ('{"action":"entry","direction":"long"}', {"action": A.ENTER_LONG}),
    ('{"action":"close","side":"long"}', {"action": A.EXIT_LONG}),
    ('{"action":"close","side":"sell"}', {"action": A.EXIT}),
    ('{"side":"SELL","positionSide":"LONG","quantity":"0.5"}', {"action": A.EXIT_LONG, "quantity": D("0.5")}),
    ('{"side":"SELL","positionSide":"BOTH","quantity":"0.5"}', {"action": A.SELL, "quantity": D("0.5")}),
    ('{"type":"buy","symbol":"ES","size":2}', {"action": A.BUY, "symbol": "ES", "quantity": D(2)}),
    ('{"order":"buy","ticker":"ES","tickerid":"CME_MINI:ES"}', {"action": A.BUY, "symbol": "CME_MINI:ES"}),
    ('{"action":"EXIT-LONG"}', {"action": A.EXIT_LONG}),
    ('{"pair":"ETH/USDT","action":"buy","type":"market","amount":1}',
     {"action": A.BUY, "symbol": "ETH/USDT", "quantity": D(1), "entry": EntryType.MARKET}),
    ('{"ticker":"ES1!","action":"buy","stopLoss":"1%","qty":1}',
     {"action": A.BUY, "symbol": "ES1!", "quantity": D(1), "stop": "1%"}),
    ('{"action":"close","qty":0}', {"action": A.EXIT}),
    ('{"market_position":"flat","contracts":"0","volume":3}',
     {"action": A.TARGET, "target": D(0), "target_side": 0}),
    # --- limit entries
    (
        '{"action":"buy","order_type":"limit","limit_price":"5900.5"}',
        {"action": A.BUY, "entry": EntryType.LIMIT, "limit_price": D("5900.5")},
    ),
    ('{"signal":"OUT","price":0}', {"action": A.EXIT, "word": "OUT"}),
    ('{"signal":"IN","price":-5}', {"action": A.ENTER_LONG, "word": "IN"}),
    ('{"action":"buy","type":"limit","price":5900}',
     {"action": A.BUY, "entry": EntryType.LIMIT, "limit_price": D(5900), "price": D(5900)}),
    ('{"action":"buy","orderType":"MKT","limitPrice":5900}', {"action": A.BUY, "entry": EntryType.MARKET}),
    # --- stops and targets
    ('{"action":"IN","sl":"1%","tp":"2 %"}', {"action": A.ENTER_LONG, "stop": "1%", "take_profit": "2%"}),
    ('{"action":"IN","stopLoss":5900.25,"takeProfit":"6000"}',
     {"action": A.ENTER_LONG, "stop": "5900.25", "take_profit": "6000"}),
    ('{"action":"IN","stop_loss":"20 ticks","take_profit":"5pts"}',
     {"action": A.ENTER_LONG, "stop": "20 ticks", "take_profit": "5 points"}),
    ('{"action":"IN","sl_percent":1.5,"tp_ticks":"40"}',
     {"action": A.ENTER_LONG, "stop": "1.5%", "take_profit": "40 ticks"}),
    ('{"action":"IN","sl":0,"tp":"","stop_loss_points":5}', {"action": A.ENTER_LONG, "stop": "5 points"}),
    ('{"action":"IN","stop_loss":{"price":5900},"take_profit":{"percent":"1"}}',
     {"action": A.ENTER_LONG, "stop": "5900", "take_profit": "1%"}),
    # --- times
    ('{"action":"IN","time":1748871000,"timenow":"1748871300000"}',
     {"action": A.ENTER_LONG, "bar_time": BAR, "sent": FIRED}),
    ('{"action":"IN","time":1748871000.0,"timestamp":1748871300000000}',
     {"action": A.ENTER_LONG, "bar_time": BAR, "sent": FIRED}),
    ('{"action":"IN","timestamp":"2025-06-02T15:35:00+02:00"}', {"action": A.ENTER_LONG, "sent": FIRED}),
    ('{"action":"IN","date":"2025-06-02"}', {"action": A.ENTER_LONG}),
    ('{"action":"IN","interval":"1M"}', {"action": A.ENTER_LONG, "timeframe": "1M"}),
    ('{"action":"IN","interval":"240"}', {"action": A.ENTER_LONG, "timeframe": "240"}),
    ('{"action":"IN","tf":"30 seconds"}', {"action": A.ENTER_LONG, "timeframe": "30S"}),
    ('{"action":"IN","tf":"later"}', {"action": A.ENTER_LONG}),
    # --- form fields
    ("action=buy&symbol=BINANCE%3AETHUSDT.P&qty=0.1",
     {"action": A.BUY, "symbol": "BINANCE:ETHUSDT.P", "quantity": D("0.1")}),
    # --- TradersPost
    (
        '{"ticker":"MESM2025","action":"buy","sentiment":"long","quantity":1,"signalPrice":5932.25,'
        '"takeProfit":{"percent":1},"stopLoss":{"type":"stop","percent":0.5},"time":"2025-06-02T13:35:00Z"}',
        {
            "action": A.ENTER_LONG, "word": "buy", "symbol": "MESM2025", "quantity": D(1), "price": D("5932.25"),
            "take_profit": "1%", "stop": "0.5%", "sent": FIRED,
        },
    ),
    ('{"ticker":"AMD","action":"sell","sentiment":"flat"}', {"action": A.EXIT_LONG, "symbol": "AMD"}),
    ('{"ticker":"AMD","action":"buy","sentiment":"flat","quantity":5}',
     {"action": A.EXIT_SHORT, "symbol": "AMD", "quantity": D(5)}),
    ('{"ticker":"AMD","action":"sell","sentiment":"bullish","quantity":1}',
     {"action": A.EXIT_LONG, "symbol": "AMD", "quantity": D(1)}),
    ('{"ticker":"AMD","action":"add","sentiment":"bearish"}',
     {"action": A.ENTER_SHORT, "word": "add", "symbol": "AMD"}),
    (
        '{"ticker":"AMD","action":"sell","orderType":"limit","limitPrice":120.12,"quantityType":"fixed_quantity",'
        '"quantity":3,"stopLoss":{"amount":2},"takeProfit":{"limitPrice":110}}',
        {
            "action": A.ENTER_SHORT, "symbol": "AMD", "quantity": D(3), "entry": EntryType.LIMIT,
            "limit_price": D("120.12"), "stop": "2 points", "take_profit": "110",
        },
    ),
    ('{"ticker":"AMD","action":"exit","cancel":true}', {"action": A.EXIT, "symbol": "AMD"}),
    # --- PickMyTrade
    (
        '{"symbol":"MNQM2025","date":"2025-06-02T13:35:00Z","data":"sell","quantity":"1","risk_percentage":"0",'
        '"price":"21500.25","tp":"0","percentage_tp":"1","dollar_tp":"0","sl":"21600","dollar_sl":"0",'
        '"percentage_sl":"0","trail":"0","trail_stop":"0","trail_trigger":"0","trail_freq":"0","update_tp":"false",'
        '"update_sl":"false","order_type":"MKT","token":"t","duplicate_position_allow":"true",'
        '"reverse_order_close":"true","multiple_accounts":[{"token":"t","account_id":"2","quantity_multiplier":0}]}',
        {
            "action": A.ENTER_SHORT, "word": "sell", "symbol": "MNQM2025", "quantity": D(1), "price": D("21500.25"),
            "take_profit": "1%", "stop": "21600", "entry": EntryType.MARKET, "sent": FIRED,
        },
    ),
    ('{"symbol":"NQ","date":"2025-06-02T13:35:00Z","data":"close","quantity":0,"token":"t"}',
     {"action": A.EXIT, "word": "close", "symbol": "NQ", "sent": FIRED}),
    # --- 3Commas
    (
        '{"secret":"s","max_lag":"300","timestamp":"2025-06-02T13:35:00Z","trigger_price":"2517.4",'
        '"tv_exchange":"BINANCE","tv_instrument":"ETHUSDT.P","action":"buy","bot_uuid":"u",'
        '"strategy_info":{"market_position":"long","market_position_size":"1","prev_market_position":"flat",'
        '"prev_market_position_size":"0"},"order":{"amount":"1","currency_type":"base"}}',
        {
            "action": A.TARGET, "word": "buy", "symbol": "BINANCE:ETHUSDT.P", "quantity": D(1), "target": D(1),
            "target_side": 1, "previous": D(0), "price": D("2517.4"), "sent": FIRED,
        },
    ),
    ('{"secret":"s","action":"exit_short","bot_uuid":"u","tv_instrument":"ETHUSDT.P",'
     '"order":{"amount":"100","currency_type":"position_percent"}}',
     {"action": A.EXIT_SHORT, "symbol": "ETHUSDT.P"}),
    ('{"secret":"s","action":"enter_long","bot_uuid":"u","tv_instrument":"ETHUSDT.P",'
     '"order":{"amount":0.5,"currency_type":"base","order_type":"limit","price":2500}}',
     {"action": A.ENTER_LONG, "symbol": "ETHUSDT.P", "quantity": D("0.5"), "entry": EntryType.LIMIT,
      "limit_price": D(2500)}),
    ('{"message_type":"bot","bot_id":1,"email_token":"t","delay_seconds":0,"pair":"USDT_ETH"}',
     {"action": A.ENTER_LONG, "word": "start", "symbol": "ETHUSDT"}),
    ('{"message_type":"bot","bot_id":1,"email_token":"t","delay_seconds":0,"action":"close_at_market_price"}',
     {"action": A.EXIT, "word": "close_at_market_price"}),
    # --- freqtrade
    (
        '{"type":"entry","trade_id":"12","exchange":"binance","pair":"ETH/USDT:USDT","direction":"Short",'
        '"limit":"2517.4","amount":"0.4","enter_tag":"breakout"}',
        {
            "action": A.ENTER_SHORT, "word": "entry Short", "symbol": "BINANCE:ETHUSDT.P", "price": D("2517.4"),
            "quantity": D("0.4"), "order_id": "12", "comment": "breakout",
        },
    ),
    ("type=exit&pair=ETH%2FUSDT&direction=Long&limit=2560.1&amount=0.4",
     {"action": A.EXIT_LONG, "symbol": "ETHUSDT", "price": D("2560.1")}),
    ('{"value1":"Exiting ETH/USDT","value2":"limit 2560.10000000","value3":"profit: 1 USDT (0.01)"}',
     {"action": A.EXIT, "word": "Exiting", "symbol": "ETHUSDT", "price": D("2560.1")}),
]  # fmt: skip

_IDENTITY = {"id", "deployment", "key", "source", "received", "message_id", "by", "word"}


@pytest.mark.parametrize(("body", "expected"), CASES, ids=[body[:60] for body, _ in CASES])
def test_a_message_means_this(body: str, expected: dict[str, Any]) -> None:
    signal = read(body)
    said = {
        name: value
        for name in Signal.__slots__
        if name not in _IDENTITY and (value := getattr(signal, name)) not in (None, "")
    }
    assert said == {name: value for name, value in expected.items() if name != "word"}
    assert signal.word == expected.get("word", signal.word)
    assert (signal.deployment, signal.source) == ("demo", Source.WEBHOOK)
    assert (signal.received, signal.message_id) == (RECEIVED, 7)
    for text in (signal.stop, signal.take_profit):
        assert not text or parse(text)


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_the_examples_that_are_printed_work_also_with_the_preset_named(entry: Any) -> None:
    for example in entry.examples:
        assert read(example).action
        assert read(example, preset=entry.name).action
    assert explain(message(entry.examples[0]), deployment())[0][1].startswith(f"{entry.name}:")


def test_a_deal_of_a_bot_starts_on_the_side_that_the_deployment_trades() -> None:
    body = '{"bot_id":1,"email_token":"t","pair":"USDT_ETH"}'
    assert read(body, direction=Direction.SHORT).action is A.ENTER_SHORT


def test_words_of_a_deployment_come_first() -> None:
    words = {"go now": A.ENTER_LONG, "sell": A.EXIT, "spooz-out": A.EXIT}
    assert read("Go  Now", words=words).action is A.ENTER_LONG
    assert read("ES go now", words=words).symbol == "ES"
    assert read('{"action":"SELL"}', words=words).action is A.EXIT
    assert read('{"signal":"Spooz-Out"}', words=words).action is A.EXIT


def test_a_symbol_that_the_deployment_knows_may_be_written_small() -> None:
    assert read("es IN", symbols={"ES": "CME_MINI:ES1!"}).symbol == "es"


def test_a_preset_allows_its_format_only() -> None:
    with pytest.raises(Unreadable, match="expects traderspost messages"):
        read("IN", preset="traderspost")
    with pytest.raises(Unreadable, match="Did you mean “traderspost”"):
        read("IN", preset="traderpost")


def test_what_people_give_by_hand_is_read_past_template_and_preset() -> None:
    by_hand = message('{"signal":"OUT","unique_id":"x","note":"news"}', Source.MANUAL)
    signal = read_message(by_hand, deployment(preset="traderspost"))
    assert (signal.action, signal.note) == (A.EXIT, "news")


def test_quotes_that_tradingview_does_not_escape_are_read_where_every_field_has_a_line() -> None:
    body = '{\n  "action": "buy",\n  "order_id": "Long "A"",\n  "quantity": "1"\n}'
    assert read(body).order_id == 'Long "A"'
    for broken in (
        '{\n  "action": "buy", "order_id": "Long "A"",\n  "quantity": "1"\n}',
        '{\n  "action": "buy",\n  "order_id": "x", "quantity": "9",\n  "quantity": "1"\n}',
        '{\n  "action": "buy",\n  "order_id": "x\n  "action": "sell"\n}',
    ):
        with pytest.raises(Unreadable):
            read(broken)


def test_line_breaks_in_a_comment_do_no_harm() -> None:
    assert read('{"action":"buy","comment":"a\nb\tc"}').comment == "a b c"


def test_texts_are_fit_for_every_store() -> None:
    signal = read(json.dumps({"action": "buy", "comment": "\ud800x\u0000" + "y" * 5000, "id": "\x1b[31m"}))
    assert 900 < len(signal.comment) <= 1000
    (signal.comment + signal.order_id).encode()
    assert signal.comment.isprintable() and signal.order_id.isprintable()
