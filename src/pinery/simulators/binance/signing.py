"""Who asks: the API key, the signature over the exact bytes that were sent, and how old the request is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from pinery.simulators.binance.errors import VenueError, refusal
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import Access

_LONGEST_WINDOW = 60_000
_AHEAD = 1000


def check_age(params: Params, now: int) -> None:
    """Raises VenueError for a timestamp that is missing, too old or ahead of the venue's time."""
    sent = params.needed_whole("timestamp")
    window = params.whole("recvWindow") or 5000
    if window > _LONGEST_WINDOW:
        raise refusal(-1131)
    if sent >= now + _AHEAD:
        raise VenueError(-1021, f"Timestamp for this request was {_AHEAD}ms ahead of the server's time.")
    if now - sent > window:
        raise refusal(-1021)


def signed_text(query: str, body: str) -> str:
    """What was signed: query and body as they were sent, without the signature itself."""
    return _unsigned(query) + _unsigned(body)


def _unsigned(text: str) -> str:
    return "&".join(part for part in text.split("&") if part and not part.startswith("signature="))


def sorted_text(params: Iterable[tuple[str, str]]) -> str:
    """What is signed over WebSocket: parameters by name."""
    return "&".join(f"{name}={value}" for name, value in sorted(params) if name != "signature")


def check_signature(access: Access, text: str, signature: str) -> None:
    """Raises VenueError."""
    if not signature:
        raise refusal(-1102, "signature")
    if not (_by_key(access.public_key, text, signature) if access.public_key else _by_secret(access, text, signature)):
        raise refusal(-1022)


def _by_secret(access: Access, text: str, signature: str) -> bool:
    wanted = hmac.new(access.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.lower().encode())


def _by_key(pem: str, text: str, signature: str) -> bool:
    key = _public_key(pem)
    try:
        raw = base64.b64decode(unquote(signature).replace(" ", "+"), validate=True)
        if isinstance(key, RSAPublicKey):
            key.verify(raw, text.encode(), PKCS1v15(), SHA256())
        else:
            key.verify(raw, text.encode())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def is_ed25519(pem: str) -> bool:
    return isinstance(_public_key(pem), Ed25519PublicKey)


@cache
def _public_key(pem: str) -> Ed25519PublicKey | RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, Ed25519PublicKey | RSAPublicKey), "an API key is Ed25519 or RSA"
    return key
