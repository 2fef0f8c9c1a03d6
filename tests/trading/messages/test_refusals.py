"""Messages that could be misread: each is refused with a reason that says what to do."""

from __future__ import annotations

import re

import pytest

from pinery.trading.messages import body_text
from tests.trading.messages.reading import reason

CASES: list[tuple[str, str]] = [
    ('{"symbol":"ES"}', "nothing of what to do"),
    ("{}", "nothing of what to do"),
    ("[]", "one object"),
    ('[{"action":"buy"}]', "one object"),
    ('{"action":"bye"}', "Did you mean “buy”"),
    ("ES INN", "Did you mean “IN”"),
    ("enter", "which side"),
    ('{"action":"open","symbol":"ES"}', "add “side”"),
    ("hello dear broker, please buy", "neither JSON nor a short text"),
    ("PUT CALL", "not known"),
    ('{"action":true}', "must be a word"),
    ('{"action":"buy","side":"short"}', "contradict"),
    ('{"action":"IN","signal":"OUT"}', "says both"),
    ('{"action":"buy","symbol":"ES","ticker":"NQ"}', "says symbol twice"),
    ('{"action":"buy","symbol":"A:ES","ticker":"B:ES"}', "says symbol twice"),
    ('{"action":"buy","qty":1,"contracts":2}', "says quantity twice"),
    ('{"action":"buy","action":"sell"}', "there twice"),
    ('{"action":"buy","qty":NaN}', "NaN is not a number"),
    ('{"action":"buy","qty":"NaN"}', "must be a number"),
    ('{"action":"buy","price":Infinity}', "Infinity is not a number"),
    ('{"action":"buy","qty":1e400}', "not a possible number"),
    ('{"action":"buy","qty":1e999999999999999999999}', "not a possible number"),
    ('{"action":"buy","qty":' + "9" * 5000 + "}", "not a possible number"),
    ('{"action":"buy","qty":0.' + "1" * 60 + "}", "too many digits"),
    ('{"action":"buy","qty":-1}', "above 0"),
    ('{"action":"buy","qty":0}', "above 0"),
    ('{"action":"buy","qty":"1,5"}', "with a point"),
    ('{"action":"buy","qty":"50%"}', "percentage"),
    ('{"action":"buy","qty":[1]}', "must be a number"),
    ('{"action":"buy","qty":true}', "must be a number"),
    ('{"action":"buy","volume":0.5}', "as quantity"),
    ('{"action":"buy","position_size":0.5}', "as quantity"),
    ('{"action":"{{strategy.order.action}}"}', "still the placeholder"),
    ('{"action":"buy","qty":"{{strategy.order.contracts}}"}', "still the placeholder"),
    ('{"action":"buy","time":"{{time}}"}', "still the placeholder"),
    ('{"action":"buy","symbol":"{{ticker}}"}', "still the placeholder"),
    ('{"action":"buy","symbol":"E S"}', "not a symbol"),
    ('{"action":"buy","ticker":"ES1!","exchange":"CME_MINI_DL"}', "delayed feed"),
    ('{"action":"buy","ticker":"CME_MINI_DLY:ES1!"}', "delayed feed"),
    ("NQ1!_DL IN", "delayed feed"),
    ('{"action":"buy","time":"yesterday"}', "not a time"),
    ('{"action":"buy","time":12}', "not a time"),
    ('{"action":"buy","time":1e19}', "not a time"),
    ('{"action":"buy","sl":"soon"}', "not understood|must be a number"),
    ('{"action":"buy","sl":-1}', "above 0"),
    ('{"action":"buy","sl":{"percent":1,"price":5}}', "says 2 of them"),
    ('{"action":"buy","sl":{"type":"trailing_stop","trailPercent":1}}', "trailing"),
    ('{"action":"buy","trailing_stop":"1%"}', "trail"),
    ('{"action":"buy","stop_price":5900}', "stop_loss"),
    ('{"action":"buy","tp1":1,"tp2":2}', "one stop and one target"),
    ('{"action":"buy","orderType":"stop","stopPrice":1}', "stop"),
    ('{"action":"buy","orderType":"stp lmt"}', "are not taken"),
    ('{"market_position":"sideways"}', "long, short or flat"),
    ('{"market_position":"long","market_position_size":0}', "contradict"),
    ('{"market_position":"flat","market_position_size":1}', "contradict"),
    ('{"market_position":"long","market_position_size":-1}', "contradict"),
    ('{"market_position":"short","strategy.position_size":2}', "short"),
    ('{"market_position_size":2}', "market_position"),
    ('{"a":' * 9 + "1" + "}" * 9, "levels deep"),
    ("[" * 100_000, "too deep"),
    ('{"action":"buy","comment":"a "b" c"}', "not valid JSON at line 1"),
    ('{"action":"buy",}', "not valid JSON"),
    ('{"action":buy}', "not valid JSON"),
    ("action=buy&qty", "form fields"),
    ("S: order buy @ 1 filled on ES1!. New strategy position is 1 :)", "must end in"),
    ("S: order buy @ 1 filled on ES1!. New strategy position is 1,5", "must end in"),
    # --- presets
    ('{"ticker":"AMD","action":"cancel","sentiment":"flat"}', "orders that are open"),
    ('{"ticker":"AMD","action":"buy","quantityType":"percent_of_equity","quantity":10}', "quantityType"),
    ('{"ticker":"SPY","action":"buy","optionType":"call"}', "options"),
    ('{"ticker":"AMD","action":"add","takeProfit":{"percent":1}}', "sentiment"),
    ('{"ticker":"AMD","action":"buy","sentiment":"sleepy"}', "sentiment"),
    ('{"symbol":"NQ","data":"buy","dollar_sl":"20","token":"t"}', "amount of money"),
    ('{"symbol":"NQ","data":"buy","update_sl":"true","token":"t"}', "orders that are open"),
    ('{"symbol":"NQ","data":"buy","trail":"1","token":"t"}', "trail"),
    ('{"bot_uuid":"u","action":"enter_long","order":{"amount":5,"currency_type":"quote"}}', "currency_type"),
    ('{"bot_uuid":"u","action":"enter_long","stop_loss":{"enabled":"true"}}', "bracket"),
    ('{"bot_id":1,"email_token":"t","action":"add_funds_in_quote"}', "not taken"),
    ('{"bot_id":1,"email_token":"t","delay_seconds":5}', "delay_seconds"),
    ('{"type":"entry_fill","pair":"ETH/USDT"}', "no signals"),
    ('{"value1":"Buy Order for ETH/USDT filled","value2":"at 1"}', "no signal"),
]


@pytest.mark.parametrize(("body", "why"), CASES, ids=[body[:50] for body, _ in CASES])
def test_refused_with_a_reason(body: str, why: str) -> None:
    said = reason(body)
    assert re.search(why, said), said
    assert said.isprintable() and len(said) < 500


def test_a_body_that_is_not_text_is_never_read() -> None:
    for body in (b"\xff\xfe", b"IN\x00", b'{"action":"buy"}\x80'):
        assert "not UTF-8" in reason(body_text(body))


def test_an_empty_message() -> None:
    assert "empty" in reason(" \n")
