"""``POST /hook/TOKEN``: checks, storing, acknowledging. Nothing of the message is looked into here."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from pinery.gateway.settings import HOOK_PATH, Hook, WebhookSettings
from pinery.gateway.webhook.addresses import Senders
from pinery.gateway.webhook.arriving import Arriving, TooLarge
from pinery.gateway.webhook.intake import Intake, Overloaded
from pinery.gateway.webhook.limits import Buckets
from pinery.gateway.webhook.tokens import Doors
from pinery.trading.errors import StoreError
from pinery.trading.messages import body_text
from pinery.trading.signals import Source
from pinery.trading.store import Message

#: ``observe(name, seconds, label)``: "receipt_to_ack" from the last byte of the body to the answer, by deployment.
Observe = Callable[[str, float, str], None]
ACK = "receipt_to_ack"

BODY_TIMEOUT = 5.0  # seconds for a body to arrive; TradingView gives up after 3
ANSWER_WITHIN = 2.5  # seconds; a late answer is none for TradingView, and it sends again only after a 5xx
LONGEST_KEY = 255  # characters of an Idempotency-Key
RETRY_AFTER = "5"  # seconds; TradingView sends again after 5 s on a 5xx

_log = structlog.get_logger("pinery.webhook")


class HookEndpoint:
    """An ASGI application. The path, which holds the secret, is never logged."""

    def __init__(
        self,
        settings: WebhookSettings,
        hooks: Callable[[], Mapping[str, Hook]],
        intake: Intake,
        observe: Observe,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_body = settings.max_body
        self._senders = Senders(settings)
        self._doors = Doors(hooks)
        self._intake = intake
        self._observe = observe
        self._monotonic = monotonic
        self._rates = Buckets(settings.rate, settings.burst, monotonic)
        self._bad_tokens = Buckets(settings.bad_token_rate, max(1.0, 2 * settings.bad_token_rate), monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        client = scope.get("client")
        address = self._senders.sender(client[0] if client else None, headers.getlist("x-forwarded-for"))
        remote = str(address) if address is not None else ""
        if scope["method"] != "POST":
            await _refusal(405, "alerts are sent by POST", {"Allow": "POST"})(scope, receive, send)
            return
        if address is None or not self._senders.may_send(address):
            _log.warning("sender refused: its address is not allowed", remote=remote or "unknown")
            await _refusal(403, "this address may not send alerts")(scope, receive, send)
            return
        deployment = self._doors.deployment(scope["path"].removeprefix(HOOK_PATH).rstrip("/"))
        if deployment is None:
            await self._unknown_token(remote)(scope, receive, send)
            return
        if wait := self._rates.wait(deployment):
            _log.warning("alert refused: too many", deployment=deployment, remote=remote)
            await _too_many(wait)(scope, receive, send)
            return
        await self._take(deployment, remote, headers, scope, receive, send)

    def _unknown_token(self, remote: str) -> Response:
        """Only wrong tokens are counted: senders share addresses, and a right one is always taken."""
        if wait := self._bad_tokens.wait(remote):
            return _too_many(wait)
        _log.warning("alert refused: no deployment has this token", remote=remote)
        return _refusal(404, "not found")

    async def _take(
        self, deployment: str, remote: str, headers: Headers, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            self._measure(headers)
            body = await Arriving(receive, self._max_body).within(BODY_TIMEOUT)
        except TooLarge:
            _log.warning("alert refused: too large", deployment=deployment, remote=remote, limit=self._max_body)
            await _refusal(413, f"the message is larger than {self._max_body} bytes", _CLOSE)(scope, receive, send)
            return
        except TimeoutError:
            await _refusal(408, "the message did not arrive in time", _CLOSE)(scope, receive, send)
            return
        if body is None:  # the sender went away; nothing was promised
            return
        received = self._monotonic()
        key = headers.get("idempotency-key", "").strip()
        if not _is_key(key):
            await _refusal(400, f"an Idempotency-Key is up to {LONGEST_KEY} printable characters")(scope, receive, send)
            return
        if not body.strip():
            await _refusal(400, "the message is empty")(scope, receive, send)
            return
        message = Message(
            deployment,
            Source.WEBHOOK,
            body_text(body),
            received_us=0,  # set by the intake
            content_type=_printable(headers.get("content-type", "")),
            remote=remote,
            key=key,
        )
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                number = await self._intake.put(message)
        except TimeoutError:
            # It may be on disk after all: then the same message, sent again, is known as a repetition.
            _log.error("alert not stored in time", deployment=deployment, remote=remote, seconds=ANSWER_WITHIN)
            await _refusal(503, "the message could not be stored in time", _RETRY)(scope, receive, send)
            return
        except Overloaded:
            _log.error("alert not stored: too many wait", deployment=deployment, remote=remote)
            await _refusal(503, "too many messages wait", _RETRY)(scope, receive, send)
            return
        except StoreError as error:
            _log.error("alert not stored", deployment=deployment, remote=remote, reason=error.message, hint=error.hint)
            await _refusal(503, "the message could not be stored", _RETRY)(scope, receive, send)
            return
        except Exception as error:
            # A fault of ours; the sender tries again, and nothing was promised.
            _log.error("alert not stored", deployment=deployment, remote=remote, reason=type(error).__name__)
            await _refusal(503, "the message could not be stored", _RETRY)(scope, receive, send)
            return
        stored = (self._monotonic() - received) * 1000
        answer = JSONResponse({"id": number, "status": "stored"}, headers={"Server-Timing": f"stored;dur={stored:.3f}"})
        await answer(scope, receive, send)
        seconds = self._monotonic() - received
        self._observe(ACK, seconds, deployment)
        _log.info(
            "alert stored",
            deployment=deployment,
            message_id=number,
            remote=remote,
            bytes=len(body),
            ms=round(seconds * 1000, 2),
        )

    def _measure(self, headers: Headers) -> None:
        """Raises TooLarge for a body that says so itself, before any of it is read."""
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > self._max_body:
            raise TooLarge


_CLOSE = {"Connection": "close"}  # the rest of the body is not read
_RETRY = {"Retry-After": RETRY_AFTER}


def _refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": reason}, status, headers)


def _too_many(wait: float) -> Response:
    return _refusal(429, "too many requests", {"Retry-After": str(max(1, math.ceil(wait)))})


def _is_key(text: str) -> bool:
    return len(text) <= LONGEST_KEY and text.isascii() and text.isprintable()


def _printable(text: str) -> str:
    return "".join(char for char in text[:200] if char.isprintable())
