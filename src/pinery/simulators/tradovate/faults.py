"""What can go wrong at the venue, by name.

Points: the operation (``order/placeorder``) for requests by HTTP and by socket alike, ``fill TYPE`` where an order of a
type may fill, ``risk TYPE`` where its risk is checked (brackets: when they wake), ``command Modify`` and ``command
Cancel`` where one is executed, ``props KIND`` for an event about an entity, a quote, a chart, a
dom or a histogram, ``socket user`` and ``socket md`` for a connection as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pinery.simulators.common.faults import FaultKind

_REQUESTS = ("*/*",)
_ORDERS = ("order/place*", "order/*order", "order/liquidate*", "orderStrategy/start*", "orderStrategy/interrupt*")
_LOGINS_AND_ORDERS = ("auth/*", *_ORDERS)
_PROPS = ("props *",)
_SOCKETS = ("socket *",)

KINDS: Mapping[str, FaultKind] = MappingProxyType(
    {
        "ticket": FaultKind("answers with a time penalty: p-ticket and p-time (option seconds)", _LOGINS_AND_ORDERS),
        "captcha": FaultKind("answers with a penalty that only a person can solve", _LOGINS_AND_ORDERS),
        "rate_limit": FaultKind("429 with an empty body; not executed", _REQUESTS),
        "locked": FaultKind("423; not executed", _REQUESTS),
        "status": FaultKind("answers with an HTTP status (option status, 500); not executed", _REQUESTS),
        "refused": FaultKind("200 with failureReason (option reason) and failureText (option text)", _ORDERS),
        "error_text": FaultKind("200 with errorText (option text); not executed", _REQUESTS),
        "violations": FaultKind("200 with violations; not executed", _REQUESTS),
        "lost": FaultKind("the connection is cut before anything was executed", _REQUESTS),
        "unanswered": FaultKind("executed, and the connection is cut instead of an answer", _REQUESTS),
        "held": FaultKind("executed, and the answer comes late (option seconds, 30)", _REQUESTS),
        "failed_after": FaultKind("executed, and answered with an HTTP status (option status, 502)", _REQUESTS),
        "delay": FaultKind("is executed and answered late (option seconds, 1)", _REQUESTS),
        "garbled": FaultKind("executed, and the answer is no JSON", _REQUESTS),
        "command_pending": FaultKind("200 with AnotherCommandPending", ("order/modifyorder", "order/cancelorder")),
        "missing_oso_ids": FaultKind("executed; the answer names no brackets", ("order/placeoso",)),
        "evicted": FaultKind("the session is ended, as by a login elsewhere: 401", _REQUESTS),
        "stale_token": FaultKind("the token's life is over: 401; the session can no longer be renewed", _REQUESTS),
        "drop_sockets": FaultKind("executed and answered; then the user's sockets are cut", _REQUESTS),
        "risk_rejected": FaultKind("after the answer risk rejects the order (option text)", ("risk *",)),
        "exchange_rejected": FaultKind("after the answer the exchange rejects it (options reason, text)", ("risk *",)),
        "command_rejected": FaultKind(
            "a change or cancel is answered, and then not executed (options reason, text)", ("command *",)
        ),
        "partial_fill": FaultKind("a part is filled (option quantity), the rest at the next moves", ("fill *",)),
        "dropped": FaultKind("the event is never sent", _PROPS),
        "repeated": FaultKind("the event is sent twice", _PROPS),
        "shuffled": FaultKind("the event waits (option seconds, 0.05) and comes among others out of order", _PROPS),
        "late": FaultKind("the event comes late (option seconds, 1); those after it do not wait", _PROPS),
        "shutdown": FaultKind("says shutdown (options code, text), then closes", _SOCKETS),
        "silent": FaultKind("the connection stays open and nothing comes any more", _SOCKETS),
        "cut": FaultKind("the connection is cut without a word", _SOCKETS),
        "closed": FaultKind("a close frame (options code, text), then the end", _SOCKETS),
    }
)
