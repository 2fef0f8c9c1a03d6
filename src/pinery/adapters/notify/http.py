"""Notifications as JSON, posted to an address of the user's own: a page, a bot, an automation.

    POST url        Authorization: Bearer …   (where there is a token)      Idempotency-Key: the delivery's id
    {"id": 7, "kind": "order.filled", "severity": "info", "title": "Order filled", "text": …, "short": …,
     "at": "2026-11-23T06:22:50.123Z", "deployment": …, "account": …, "signal_id": …, "data": {…}}

A 2xx is a delivery. 400, 413, 415 and 422 say that this message will never be taken; every other answer that it may be
taken later. Redirects are not followed: they would carry the token elsewhere.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.notify.options import Options
from pinery.adapters.notify.texts import Texts
from pinery.trading.channels import ChannelFailed
from pinery.trading.events import Event

_NEVER = frozenset({400, 413, 415, 422})


class Http:
    """``token`` and the path of ``url`` are secrets: neither is in a representation or a message."""

    def __init__(self, url: str, token: str, timeout: float, texts: Texts) -> None:
        parts = urlsplit(url)
        self._where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._texts = texts
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy of the environment is for what is elsewhere.
        elsewhere = not is_this_machine(parts.hostname or "")
        self._client = httpx.AsyncClient(timeout=timeout, headers=headers, trust_env=elsewhere)
        self._request_url = httpx.URL(url)

    @classmethod
    def from_options(cls, name: str, options: Options, texts: Texts) -> Http:
        """Options: url, token, timeout."""
        url = options.text("url").strip()
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
            httpx.URL(url)
        except (ValueError, httpx.InvalidURL):
            usable = False
        if not usable:
            raise options.error("url is no web address", hint="as in https://alerts.example.org/pinery")
        token = options.text("token", "")
        if not token.isascii() or not token.isprintable():
            raise options.error("token has characters that no header can carry")
        if token and parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            raise options.error("the token would cross the network unencrypted", hint="use an https address")
        return cls(url, token, options.number("timeout", 10.0, 1, 60), texts)

    async def send(self, event: Event, delivery_id: int) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(delivery_id)}
        try:
            answer = await self._client.post(self._request_url, content=self._body(event, delivery_id), headers=headers)
        except httpx.TimeoutException:
            raise ChannelFailed(f"{self._where}: no answer in time") from None
        except httpx.HTTPError as error:
            raise ChannelFailed(f"{self._where}: {_reason(error)}") from None
        if not answer.is_success:
            raise ChannelFailed(f"{self._where} answered {answer.status_code}", permanent=answer.status_code in _NEVER)

    async def close(self) -> None:
        await self._client.aclose()

    def _body(self, event: Event, delivery_id: int) -> bytes:
        text = self._texts.render(event)
        moment = datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds")
        message = {
            "id": delivery_id,
            "kind": event.kind,
            "severity": event.severity.value,
            "title": event.title,
            "text": event.text,
            "short": text.short,
            "at": moment.replace("+00:00", "Z"),
            "deployment": event.deployment,
            "account": event.account,
            "signal_id": event.signal_id,
            "data": dict(event.data),
        }
        # Half surrogate pairs, which no charset can carry, become "?".
        return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")


def _reason(error: httpx.HTTPError) -> str:
    """Without the address: its path may be a secret."""
    return "no connection" if isinstance(error, httpx.ConnectError) else type(error).__name__
