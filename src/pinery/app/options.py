"""Reading the texts that options carry."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from pinery.core.errors import UsageError


def name_and_value(text: str, option: str, example: str) -> tuple[str, str]:
    """``"Length=20"`` → ("Length", "20"). The value may hold more equal signs."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{option} {text!r} is not NAME=VALUE", hint=f"write it as {example}")
    return name.strip(), value


def moment(text: str, zone: str, option: str, *, end: bool = False) -> int:
    """Unix ms of a date, a time or a Unix number. Without an offset the time is in ``zone``;
    with ``end`` a bare date means the last moment of its day."""
    text = text.strip()
    if text.lstrip("-").isdigit() and len(text) != 4:
        value = int(text)
        return value if abs(value) >= 10**11 else value * 1000
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no time", hint='write it as 2025-01-31, "2025-01-31 09:30" or a Unix time'
        ) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=zone_info(zone))
    if end and len(text) <= 10:
        parsed = parsed.replace(hour=23, minute=59, second=59, microsecond=999_000)
    try:
        return int(parsed.timestamp() * 1000)
    except (OverflowError, OSError, ValueError):
        raise UsageError(f"{option} {text!r} is outside the times that can be used") from None


def zone_info(name: str) -> tzinfo:
    if name in ("", "UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"there is no time zone {name!r}", hint="use an IANA name, for example America/Chicago"
        ) from None


def writable(path: Path | None, option: str) -> Path | None:
    """The path, where a file can be written to it; the run is not done in vain for a typing mistake."""
    if path is None:
        return None
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder", hint=f"name a file in it, for example {path}/out")
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"{option} {path}: there is no folder {path.parent}", hint=f"make it first: mkdir -p {path.parent}"
        )
    return path
