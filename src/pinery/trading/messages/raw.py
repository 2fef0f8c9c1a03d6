"""How a body that is not text is kept in the inbox: losslessly, and marked so that it is never read as a message."""

from __future__ import annotations

from base64 import b64decode, b64encode

BINARY = "data:application/octet-stream;base64,"


def body_text(body: bytes) -> str:
    """The body as the inbox keeps it. Databases cannot hold NUL in text, so that counts as binary too."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return BINARY + b64encode(body).decode()
    return BINARY + b64encode(body).decode() if "\0" in text else text


def body_bytes(text: str) -> bytes:
    """What arrived."""
    return b64decode(text[len(BINARY) :]) if text.startswith(BINARY) else text.encode()
