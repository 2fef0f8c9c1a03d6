"""How the control process and the view process speak: a line of JSON, then as many bytes as it says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

Header = dict[str, Any]

LONGEST_LINE = 4 * 1024 * 1024  # a script's text may travel in it


def frame(header: Header, body: bytes = b"") -> bytes:
    line = json.dumps({**header, "bytes": len(body)} if body else header, separators=(",", ":"))
    return line.encode() + b"\n" + body


async def read_frame(reader: asyncio.StreamReader) -> tuple[Header, bytes] | None:
    """None at the end of the stream, also in the middle of a frame."""
    try:
        line = await reader.readuntil(b"\n")
        header: Header = json.loads(line)
        return header, await reader.readexactly(int(header.get("bytes", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
