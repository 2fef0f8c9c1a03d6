"""What Binance's answers come to: section by section of its pages."""

from __future__ import annotations

from typing import Any

import pytest

from pinery.adapters.binance.errors import Kind, failure_of
from pinery.trading.denials import DENIALS
from pinery.trading.errors import NotSent, OutcomeUnknown, Rejected

_UNKNOWN = "Unknown error, please check your request or try again later."


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, _UNKNOWN, Kind.UNKNOWN),
        (503, {"code": -1000, "msg": _UNKNOWN}, Kind.UNKNOWN),
        (503, {"msg": _UNKNOWN}, Kind.UNKNOWN),
        (503, "Service Unavailable.", Kind.LATER),
        (503, {"code": 0, "msg": "Service Unavailable."}, Kind.LATER),
        (503, "", Kind.UNKNOWN),
        (503, {"code": -1001, "msg": "Internal error; unable to process your request."}, Kind.LATER),
        (503, {"code": -1008, "msg": "Server is currently overloaded"}, Kind.LATER),
        (503, {"code": -1006, "msg": "Execution status unknown."}, Kind.UNKNOWN),
        (408, {"code": -1007, "msg": "Send status unknown; execution status unknown."}, Kind.UNKNOWN),
        (400, {"code": -1007, "msg": "Timeout"}, Kind.UNKNOWN),
        (408, "", Kind.UNKNOWN),
        (500, "", Kind.UNKNOWN),
        (502, "<html>Bad Gateway</html>", Kind.UNKNOWN),
        (429, {"code": -1003, "msg": "Too many requests"}, Kind.LATER),
        (429, {"code": -1015, "msg": "Too many new orders"}, Kind.LATER),
        (418, {"code": -1003, "msg": "banned"}, Kind.LATER),
        (400, {"code": -1021, "msg": "Timestamp"}, Kind.LATER),
        (403, "<html>WAF</html>", Kind.LATER),
        (403, {"code": -2015, "msg": "permissions"}, Kind.REFUSED),
        (400, {"code": -2010, "msg": "NEW_ORDER_REJECTED"}, Kind.REFUSED),
        (400, {"code": -2021, "msg": "Order would immediately trigger."}, Kind.REFUSED),
        (400, {"code": -2022, "msg": "ReduceOnly Order is rejected."}, Kind.REFUSED),
        (400, {"code": -4164, "msg": "notional"}, Kind.REFUSED),
        (401, {"code": -2015, "msg": "Invalid API-key"}, Kind.REFUSED),
    ],
)
def test_kinds(status: int, body: Any, kind: Kind) -> None:
    failure = failure_of(status, body if isinstance(body, dict) else None, body if isinstance(body, str) else "", None)
    assert failure.kind is kind
    expected = {Kind.UNKNOWN: OutcomeUnknown, Kind.LATER: NotSent, Kind.REFUSED: Rejected}[kind]
    assert type(failure.as_outcome()) is expected


@pytest.mark.parametrize(
    ("code", "denial"),
    [(-2019, "MARGIN"), (-1121, "SYMBOL_UNKNOWN"), (-2021, "BROKER_REJECTED"), (-4131, "BROKER_REJECTED")],
)
def test_refusals_have_a_code_and_the_venues_words(code: int, denial: str) -> None:
    outcome = failure_of(400, {"code": code, "msg": "The venue's words."}, "", None).as_outcome()
    assert isinstance(outcome, Rejected)
    assert outcome.code == denial and outcome.code in DENIALS
    assert "The venue's words." in outcome.reason and str(code) in outcome.reason


def test_retry_after_goes_along() -> None:
    outcome = failure_of(503, None, "Service Unavailable.", 7.0).as_outcome()
    assert isinstance(outcome, NotSent) and outcome.retry_after == 7.0
    overloaded = failure_of(503, {"code": -1008, "msg": "overloaded"}, "", None).as_outcome()
    assert isinstance(overloaded, NotSent) and overloaded.retry_after == 0.2
