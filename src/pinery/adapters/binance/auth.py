"""Signatures of requests: HMAC-SHA256 in hex, Ed25519 in base64; always over the very bytes that are sent."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

#: The bytes of a request's parameters -> the signature, as it stands in the request.
Signer = Callable[[bytes], str]


def make_signer(kind: str, secret: str) -> Signer:
    """``kind`` "hmac" or "ed25519". Raises ValueError, without the secret in it, where the key cannot be read."""
    if kind == "hmac":
        return _hmac(secret.encode())
    if kind == "ed25519":
        return _ed25519(secret)
    raise ValueError(f"a signature is hmac or ed25519, not {kind}")


def signed(parameters: Mapping[str, str], signer: Signer) -> bytes:
    """The form that is sent: ``parameters`` in their order, then the signature of exactly these bytes."""
    payload = urlencode(parameters).encode()
    return payload + b"&signature=" + signer(payload).encode()


def _hmac(secret: bytes) -> Signer:
    return lambda payload: hmac.new(secret, payload, hashlib.sha256).hexdigest()


def _ed25519(pem: str) -> Signer:
    # Loaded here: every process reads settings, and few have such a key.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("is a private key of another kind than Ed25519")
    return lambda payload: quote(b64encode(key.sign(payload)).decode(), safe="")
