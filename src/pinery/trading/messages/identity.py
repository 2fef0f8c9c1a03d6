"""When two alerts are one: the key of a signal.

- ``id:`` the sender gave an id that no other alert has, in the body or beside it (``Idempotency-Key``): the same id is
  the same alert, for ever.
- ``at:`` the message carries a time: the same text for the same deployment is the same alert, for ever. Several fills
  in one bar have the same time, but differ in order id, action, contracts or position, which are all in the text.
- ``body:`` nothing tells two equal messages apart but when they came: equal ones within the deployment's retry window
  are one (TradingView sends up to four times within 15 s), later ones are new.
"""

from __future__ import annotations

import hashlib

from pinery.trading.deployments import Deployment
from pinery.trading.messages.reading import Reading
from pinery.trading.signals import Signal, Source
from pinery.trading.store import Message


def key_of(reading: Reading, message: Message) -> str:
    if message.key:
        return f"id:{_digest(message.key)}"
    if reading.unique_id:
        return f"id:{_digest(reading.unique_id)}"
    if message.source is not Source.WEBHOOK:
        # People, scripts and rules of ours do not send twice: every message is one of its own.
        return f"id:{message.source.value}-{message.id}-{message.received_us}"
    digest = _digest(f"{message.deployment}\0{message.body}")
    return f"at:{digest}" if reading.bar_time is not None or reading.sent is not None else f"body:{digest}"


def received_after(signal: Signal, deployment: Deployment) -> int:
    """From when on a signal with the same key is the same alert (Unix ms), for ``Signals.find``; 0: ever."""
    if signal.key.startswith("body:"):
        return max(0, signal.received - deployment.retry_window * 1000)
    return 0


def duplicate_rule(key: str, deployment: Deployment) -> str:
    """In words, for people."""
    kind = key.partition(":")[0]
    return {
        "id": "its own id: the same id is the same alert, for ever",
        "at": "its text, which carries a time: the same text is the same alert, for ever",
        "body": f"its text, without a time: the same text within {deployment.retry_window} s is the same alert",
    }[kind]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
