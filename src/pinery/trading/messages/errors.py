"""Why a message is not a signal."""

from __future__ import annotations

from pinery.core.errors import DataError


class Unreadable(DataError):
    """A message that cannot be understood for certain. ``reason`` says what was found, what is missing, what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)

    @property
    def reason(self) -> str:
        return self.message


def shown(value: object) -> str:
    """A piece of a message inside a sentence: one line, short, printable."""
    text = "".join(char if char.isprintable() else "�" for char in str(value))
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
