"""What can go wrong with this venue, by name."""

from __future__ import annotations

from pinery.simulators.common.faults import FaultKind

_REST = ("GET *", "POST *", "PUT *", "DELETE *")
_ORDERS = ("POST /fapi/v1/order", "POST /fapi/v1/algoOrder", "POST /fapi/v1/batchOrders", "PUT /fapi/v1/order")
_EVENTS = ("stream *",)

# Before a request is executed: name, and the answer that it gets instead.
ANSWERS: dict[str, tuple[int, int]] = {
    "unavailable": (503, 0),
    "unknown_unexecuted": (503, -1000),
    "internal": (503, -1001),
    "overloaded": (503, -1008),
    "clock": (400, -1021),
    "too_many": (429, -1003),
    "banned": (418, -1003),
    "firewall": (403, 0),
    "would_trigger": (400, -2021),
    "reduce_only": (400, -2022),
    "wrong_endpoint": (400, -4120),
    "min_notional": (400, -4164),
    "margin": (400, -2019),
    "cooling_off": (400, -4192),
    "refused": (400, -2010),
}
# After it was executed.
LATER = ("unknown_executed", "timeout_executed", "unanswered", "answered_late", "duplicate_executed")

FAULTS: dict[str, FaultKind] = {
    "unavailable": FaultKind("503 Service Unavailable: not executed", _REST),
    "unknown_unexecuted": FaultKind("503 Unknown error: not executed, and nobody says so", _REST),
    "unknown_executed": FaultKind("503 Unknown error, although the request was executed", _REST),
    "timeout_executed": FaultKind("408 with -1007, although the request was executed", _REST),
    "internal": FaultKind("503 with -1001: not executed", _REST),
    "overloaded": FaultKind("-1008: not executed; reduce-only and closePosition orders are exempt", _REST),
    "clock": FaultKind("-1021: the timestamp is refused, not executed", _REST),
    "too_many": FaultKind("429 with Retry-After (option seconds): not executed", _REST),
    "banned": FaultKind("418 with Retry-After (option seconds): the address is banned, not executed", _REST),
    "firewall": FaultKind("403 without a code: not executed", _REST),
    "lost": FaultKind("the connection is cut before the request is executed", _REST),
    "unanswered": FaultKind("executed, then the connection is cut (option hold: seconds before that)", _REST),
    "delayed": FaultKind("executed only after a while (option seconds)", _REST),
    "answered_late": FaultKind("executed at once, answered after a while (option seconds)", _REST),
    "would_trigger": FaultKind("-2021 Order would immediately trigger", _ORDERS),
    "reduce_only": FaultKind("-2022 ReduceOnly Order is rejected", _ORDERS),
    "wrong_endpoint": FaultKind("-4120 Order type not supported for this endpoint", _ORDERS),
    "min_notional": FaultKind("-4164 the order's notional is too small", _ORDERS),
    "margin": FaultKind("-2019 Margin is insufficient", _ORDERS),
    "cooling_off": FaultKind("-4192 Trade forbidden due to Cooling-off Period", _ORDERS),
    "refused": FaultKind("an error of the venue (option code, -2010 without)", _REST),
    "duplicate_executed": FaultKind("the order is accepted, the answer is -4116", _ORDERS),
    "not_found": FaultKind(
        "-2013 although the order exists: too early", ("GET /fapi/v1/order", "GET /fapi/v1/algoOrder")
    ),
    "expired_in_part": FaultKind("the order fills in part and then expires", ("fill *",)),
    "fill_first": FaultKind("the child's fill is told of before TRIGGERED", ("trigger *",)),
    "stuck_triggering": FaultKind("the conditional order stays in TRIGGERING, without a child", ("trigger *",)),
    "rejected_at_trigger": FaultKind("the conditional order is REJECTED when it triggers", ("trigger *",)),
    "listen_key_expired": FaultKind("the listenKey expires now (option silent: without the event)", _EVENTS),
    "silent": FaultKind("the stream stays up and is silent from now on", _EVENTS),
    "cut": FaultKind("the stream's connection is cut", _EVENTS),
    "closed": FaultKind("the stream is closed as after 24 hours", _EVENTS),
    "dropped": FaultKind("an event of the stream never comes", _EVENTS),
    "repeated": FaultKind("an event of the stream comes twice", _EVENTS),
    "shuffled": FaultKind("events of one moment come in another order", _EVENTS),
    "late": FaultKind("an event of the stream comes late (option seconds)", _EVENTS),
}
