"""From a message as it arrived to a ``Signal``. Pure: the same message always gives the same signal."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal

from pinery.trading.deployments import Deployment
from pinery.trading.messages.errors import Unreadable
from pinery.trading.messages.formats import FORMATS, PRESETS, TEMPLATE, Format, format_of, unknown_preset
from pinery.trading.messages.identity import duplicate_rule, key_of, received_after
from pinery.trading.messages.pasting import template_for
from pinery.trading.messages.raw import BINARY, body_bytes, body_text
from pinery.trading.messages.reading import Reading, settle
from pinery.trading.messages.template import check_template
from pinery.trading.signals import Signal, Source, signal_id
from pinery.trading.store import Message

__all__ = [
    "BINARY",
    "FORMATS",
    "PRESETS",
    "TEMPLATE",
    "Format",
    "Unreadable",
    "body_bytes",
    "body_text",
    "check_template",
    "duplicate_rule",
    "explain",
    "read_message",
    "received_after",
    "template_for",
    "unknown_preset",
]


def read_message(message: Message, deployment: Deployment) -> Signal:
    """The signal that a message means. Raises Unreadable where that is not certain."""
    _, reading = _read(message, deployment)
    key = key_of(reading, message)
    said = {
        field.name: getattr(reading, field.name) for field in dataclasses.fields(reading) if field.name != "unique_id"
    }
    return Signal(
        id=signal_id(message.deployment, key, message.received),
        deployment=message.deployment,
        key=key,
        source=message.source,
        received=message.received,
        message_id=message.id or None,
        by=message.by,
        **said,
    )


def _read(message: Message, deployment: Deployment) -> tuple[Format, Reading]:
    if message.body.startswith(BINARY):
        raise Unreadable("the body is not UTF-8 text; send JSON or plain text")
    # A deployment's template or preset describes its sender's messages, not what people give by hand.
    chosen, body = format_of(message.body, deployment, own=message.source in (Source.WEBHOOK, Source.CHART))
    reading = settle(chosen.read(body, deployment), deployment)
    if message.source is Source.CHART:
        # It was put into the inbox as it fired. What its text says is the market's time, and a market that is played
        # back has one of its own.
        reading = dataclasses.replace(reading, sent=None)
    return chosen, reading


def explain(message: Message, deployment: Deployment) -> list[tuple[str, str]]:
    """(field, value) of everything that is understood, for people. Raises Unreadable."""
    chosen, reading = _read(message, deployment)
    key = key_of(reading, message)
    lines = [("format", f"{chosen.name}: {chosen.description}")]
    for field in dataclasses.fields(reading):
        value = getattr(reading, field.name)
        if value is not None and value != "":
            lines.append((field.name, _shown(field.name, value)))
    return [*lines, ("duplicates", duplicate_rule(key, deployment))]


def _shown(name: str, value: object) -> str:
    if name in ("bar_time", "sent") and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if name == "target_side":
        return {1: "long", -1: "short", 0: "flat"}[int(str(value))]
    return format(value, "f") if isinstance(value, Decimal) else str(value)
