"""Signatures: Binance's own examples, and that the very bytes that are sent are signed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pinery.adapters.binance.auth import make_signer, signed
from pinery.adapters.binance.limits import Urgency
from pinery.adapters.binance.rest import Rest
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.broker import Environment
from tests.adapters.binance.harness import KEY, SystemClock

# The example of Binance's documentation of signed requests.
_SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
_FORM = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "quantity": "1",
    "price": "9000",
    "timeInForce": "GTC",
    "recvWindow": "5000",
    "timestamp": "1591702613943",
}
_SIGNATURE = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"

# RFC 8032, section 7.1, test 2: the key in PEM, and its signature of the one byte 0x72.
_RFC_KEY = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
_RFC_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def _pem(seed: bytes = _RFC_KEY) -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_hmac_as_documented() -> None:
    form = signed(_FORM, make_signer("hmac", _SECRET))
    assert form.decode().endswith(f"timestamp=1591702613943&signature={_SIGNATURE}")


def test_ed25519_as_in_the_rfc() -> None:
    signature = make_signer("ed25519", _pem())(b"\x72")
    assert b64decode(unquote(signature)).hex() == _RFC_SIGNATURE
    assert not set(signature) & set("+/="), "base64 is encoded for an address"


@pytest.mark.parametrize("pem", ["no key", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"])
def test_a_key_that_cannot_be_read_is_not_shown(pem: str) -> None:
    with pytest.raises(ValueError, match="private key") as error:
        make_signer("ed25519", pem)
    assert "abc" not in str(error.value) and "no key" not in str(error.value)


@asynccontextmanager
async def _recording(requests: list[bytes]) -> AsyncIterator[str]:
    """A server that keeps the bytes of each request and answers {}."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        requests.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT"])
async def test_the_bytes_that_are_sent_are_signed(method: str) -> None:
    requests: list[bytes] = []
    odd = "a:b/c.d_e-1"  # all that a client id may have
    async with _recording(requests) as url:
        rest = Rest(BinanceSettings(Environment.DEMO, KEY, _SECRET, rest_url=url), SystemClock())
        match method:
            case "GET":
                await rest.order("ETHUSDT", client_id=odd)
            case "DELETE":
                await rest.cancel("ETHUSDT", client_id=odd)
            case "POST":
                await rest.place({"symbol": "ETHUSDT", "newClientOrderId": odd}, Urgency.ENTRY)
            case "PUT":
                await rest.modify({"symbol": "ETHUSDT", "origClientOrderId": odd}, Urgency.ENTRY)
        await rest.close()
    (request,) = requests
    head, _, body = request.partition(b"\r\n\r\n")
    target = head.split(b" ")[1]
    assert f"x-mbx-apikey: {KEY}".lower().encode() in head.lower()
    form = body if method in ("POST", "PUT") else target.partition(b"?")[2]
    assert (method in ("POST", "PUT")) == (b"?" not in target)
    payload, _, signature = form.rpartition(b"&signature=")
    assert hmac.new(_SECRET.encode(), payload, hashlib.sha256).hexdigest().encode() == signature
    assert b"recvWindow=5000&timestamp=" in payload
