"""Frames and numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pinery.adapters.tradovate.wire import Answer, BadFrame, Event, decode, encode, read_frame, request


def test_frames_without_messages() -> None:
    assert [read_frame(text).kind for text in ("o", "h", "a[]")] == ["o", "h", "a"]
    assert read_frame('c[1000,"Bye"]').reason == "1000 Bye"


def test_several_messages_in_one_frame() -> None:
    frame = read_frame(
        'a[{"s":200,"i":1,"d":{"x":6000.25}},{"e":"props","d":{"entityType":"fill"}},{"new":1},{"s":429,"i":7}]'
    )
    assert frame.messages == (
        Answer(1, 200, {"x": Decimal("6000.25")}),
        Event("props", {"entityType": "fill"}),
        Answer(7, 429),
    )


@pytest.mark.parametrize("text", ["", "x", "a", "a{", "a{}", "a[1]", "c", "a" + "[" * 100_000])
def test_frames_that_are_none(text: str) -> None:
    with pytest.raises(BadFrame):
        read_frame(text)


def test_requests_are_four_lines() -> None:
    assert request("authorize", 0, body="tok") == "authorize\n0\n\ntok"
    assert request("order/item", 3, "id=5") == "order/item\n3\nid=5\n"


@pytest.mark.parametrize(
    "number", ["6000.25", "0.1", "1E+3", "0.000000001", "123456789012345678901234567890.5", "-1.50"]
)
def test_numbers_stay_digit_by_digit(number: str) -> None:
    text = encode({"price": Decimal(number)})
    assert decode(text) == {"price": Decimal(number)}
    assert "E" not in text and '"' not in text.partition(":")[2]


def test_texts_and_structures() -> None:
    value = {"a": ["ü\n", None, True, 3], "b": {"c": "d"}}
    assert decode(encode(value)) == value
