"""The formats of messages: one entry each. Without a preset, the first one that recognises a message reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.messages import plain, structured
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found, collect
from pinery.trading.messages.presets import freqtrade, pickmytrade, threecommas, traderspost
from pinery.trading.messages.template import read_template

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """A message's body, and the object in it where it has one."""

    text: str
    fields: Json | None
    form: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """``preset``: it may be named in a deployment's ``preset``."""

    name: str
    description: str
    examples: tuple[str, ...]
    detect: Callable[[Body], bool]
    read: Callable[[Body, Deployment], Found]
    preset: bool = True


def _of_object(
    name: str,
    description: str,
    examples: tuple[str, ...],
    detect: Callable[[Json], bool],
    read: Callable[[Json, Deployment], Found],
) -> Format:
    def detects(body: Body) -> bool:
        return body.fields is not None and detect(body.fields)

    def reads(body: Body, deployment: Deployment) -> Found:
        if body.fields is None:
            raise Unreadable(f"the deployment expects {name} messages, which are JSON objects, and this is not one")
        return read(body.fields, deployment)

    return Format(name, description, examples, detects, reads)


def _read_object(message: Json, deployment: Deployment) -> Found:
    found = collect(message)
    text = found.get("text")
    if isinstance(text, str) and not _says_what(found):
        return plain.read_order_filled(text) if plain.is_order_filled(text) else plain.read_text(text, deployment)
    return found


def _says_what(found: Found) -> bool:
    return any(name in found for name in ("action", "side", "market_position", "target_position", "position_size"))


def _has_strategy_fields(message: Json) -> bool:
    found = collect(message)
    return any(name in found for name in ("market_position", "target_position", "position_size", "order_id"))


#: In the order in which they are tried.
FORMATS: tuple[Format, ...] = (
    _of_object("traderspost", traderspost.DESCRIPTION, traderspost.EXAMPLES, traderspost.detect, traderspost.read),
    _of_object("pickmytrade", pickmytrade.DESCRIPTION, pickmytrade.EXAMPLES, pickmytrade.detect, pickmytrade.read),
    _of_object(
        "3commas",
        threecommas.SIGNAL_DESCRIPTION,
        threecommas.SIGNAL_EXAMPLES,
        threecommas.detect_signal,
        threecommas.read_signal,
    ),
    _of_object(
        "3commas-dca",
        threecommas.DCA_DESCRIPTION,
        threecommas.DCA_EXAMPLES,
        threecommas.detect_dca,
        threecommas.read_dca,
    ),
    _of_object("freqtrade", freqtrade.DESCRIPTION, freqtrade.EXAMPLES, freqtrade.detect, freqtrade.read),
    _of_object(
        "signal",
        "JSON with signal, instrument and timeframe",
        ('{"signal":"IN","instrument":"ES","timeframe":"1M"}', '{"signal":"PUT","instrument":"ES","timeframe":"5m"}'),
        lambda message: "signal" in message and "instrument" in message,
        _read_object,
    ),
    _of_object(
        "tradingview",
        "JSON with TradingView's strategy placeholders; market_position states the position to have",
        (
            '{"action":"sell","contracts":"2","price":"5932.25","id":"Short","market_position":"short",'
            '"market_position_size":"1","prev_market_position":"long","prev_market_position_size":"1","ticker":"ES1!",'
            '"exchange":"CME_MINI","interval":"5","time":"2025-06-02T13:30:00Z","timenow":"2025-06-02T13:35:00Z"}',
        ),
        _has_strategy_fields,
        _read_object,
    ),
    _of_object(
        "json",
        "JSON with our field names or the usual other ones",
        (
            '{"action":"buy","symbol":"ESM2025","qty":1,"price":5932.25}',
            '{"action":"CALL","symbol":"CME_MINI:ES1!","quantity":1,"stop":"7 points","take_profit":"5 points"}',
            '{"action":"open","side":"short","symbol":"ETHUSDT.P","order_type":"limit","limit_price":2520}',
        ),
        lambda message: True,
        _read_object,
    ),
    Format(
        "tradingview-text",
        "the text that TradingView proposes for a strategy's alerts",
        ("My strategy (14, close): order buy @ 1 filled on ES1!. New strategy position is 1",),
        lambda body: body.fields is None and plain.is_order_filled(body.text),
        lambda body, deployment: plain.read_order_filled(body.text),
    ),
    Format(
        "text",
        "a word, with the symbol or without",
        ("CME_MINI:ES1! IN", "ES OUT", "IN", "close long"),
        lambda body: body.fields is None,
        lambda body, deployment: plain.read_text(body.text, deployment),
    ),
)
TEMPLATE = Format(
    "template",
    "the deployment's own `template`: the message with {field} holes",
    ("{symbol}: {action} {quantity} at {price}", "{{ticker}} {{strategy.order.action}} {{timenow}}"),
    lambda body: False,
    lambda body, deployment: read_template(body.text, deployment.template or ""),
    preset=False,
)
PRESETS: Mapping[str, Format] = {entry.name: entry for entry in FORMATS if entry.preset}


def parse_body(text: str) -> Body:
    if structured.looks_like_json(text):
        return Body(text, structured.read_json(text))
    if structured.looks_like_form(text):
        return Body(text, structured.read_form(text), form=True)
    return Body(text, None)


def format_of(text: str, deployment: Deployment, *, own: bool = True) -> tuple[Format, Body]:
    """The format that reads a body. ``own``: the deployment's template or preset comes first, and alone."""
    if own and deployment.template is not None:
        return TEMPLATE, Body(text, None)
    if own and deployment.preset is not None:
        chosen = PRESETS.get(deployment.preset)
        if chosen is None:
            raise Unreadable(unknown_preset(deployment.preset))
        return chosen, parse_body(text)
    body = parse_body(text)
    return next(entry for entry in FORMATS if entry.detect(body)), body


def unknown_preset(name: str) -> str:
    close = get_close_matches(name.casefold(), PRESETS, n=1)
    meant = f" Did you mean “{close[0]}”?" if close else ""
    return f"there is no preset {shown(name)}.{meant} Presets: {', '.join(PRESETS)}"
