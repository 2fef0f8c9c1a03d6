"""When two alerts are one."""

from __future__ import annotations

from dataclasses import replace

from pinery.trading.messages import read_message, received_after
from pinery.trading.signals import Signal, Source
from tests.trading.messages.reading import RECEIVED, deployment, message, read

TIMED = (
    '{{"action":"{action}","id":"{order}","contracts":"1","market_position":"{held}","market_position_size":"1",'
    '"time":"2025-06-02T13:30:00Z"}}'
)


def at(body: str, received: int, source: Source = Source.WEBHOOK, number: int = 7) -> Signal:
    return read_message(message(body, source, received, number), deployment())


def test_a_text_with_a_time_is_the_same_alert_whenever_it_comes() -> None:
    body = TIMED.format(action="buy", order="L", held="long")
    first, again = at(body, RECEIVED), at(body, RECEIVED + 86_400_000)
    assert first.key == again.key and first.key.startswith("at:")
    assert received_after(again, deployment()) == 0


def test_several_fills_of_one_bar_are_several_alerts() -> None:
    bodies = {
        TIMED.format(action="sell", order="Close", held="short"),
        TIMED.format(action="sell", order="S", held="short"),
        TIMED.format(action="buy", order="S", held="long"),
    }
    assert len({at(body, RECEIVED).key for body in bodies}) == 3


def test_a_text_without_a_time_counts_within_the_retry_window() -> None:
    signal = at("ES IN", RECEIVED)
    assert signal.key.startswith("body:")
    assert received_after(signal, deployment(retry_window=20)) == RECEIVED - 20_000


def test_an_id_of_the_senders_own_counts_alone() -> None:
    one = at('{"action":"buy","unique_id":"42","price":1}', RECEIVED)
    other = at('{"action":"buy","unique_id":"42","price":2}', RECEIVED + 1)
    assert one.key == other.key and one.key.startswith("id:")
    assert read('{"action":"buy","unique_id":"43"}').key != one.key


def test_the_order_id_of_a_strategy_is_not_the_id_of_an_alert() -> None:
    assert read('{"action":"buy","id":"Long"}').key.startswith("body:")


def test_deployments_do_not_share_keys() -> None:
    other = read_message(message("IN"), deployment())
    foreign = read_message(message("IN").__class__("second", Source.WEBHOOK, "IN", RECEIVED * 1000), deployment())
    assert other.key != foreign.key


def test_people_may_say_the_same_twice() -> None:
    assert at("IN", RECEIVED, Source.MANUAL, 1).key != at("IN", RECEIVED, Source.MANUAL, 2).key


def test_the_same_message_gives_the_same_signal_after_a_crash() -> None:
    assert at("ES IN", RECEIVED) == at("ES IN", RECEIVED)


def test_a_key_beside_the_body_counts_alone() -> None:
    def with_key(body: str, key: str) -> Signal:
        return read_message(replace(message(body), key=key), deployment())

    assert with_key("ES IN", "a").key == with_key('{"action":"buy","unique_id":"42"}', "a").key
    assert with_key("ES IN", "a").key != with_key("ES IN", "b").key
    assert received_after(with_key("ES IN", "a"), deployment()) == 0


def test_a_chart_speaks_the_deployments_format_and_fires_when_it_is_received() -> None:
    body = '{"action":"buy","time":"2020-06-02T13:30:00Z","timenow":"2020-06-02T13:35:00Z"}'
    signal = at(body, RECEIVED, Source.CHART)
    assert signal.bar_time == 1_591_104_600_000 and signal.sent is None
    own = deployment(template="{action} now")
    assert read_message(message("buy now", Source.CHART), own).word == "buy"
