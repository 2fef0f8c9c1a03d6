"""Text files that the user asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pinery.core.errors import UsageError
from pinery.market.files.whole import written_whole


def write_text(path: Path, chunks: Iterable[str]) -> None:
    """Write UTF-8 text as it is; the file appears whole or not at all. Raises UsageError."""
    try:
        with written_whole(path) as draft, draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(chunks)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
