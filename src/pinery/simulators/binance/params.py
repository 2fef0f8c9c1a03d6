"""Parameters of a request: texts, read as what they are to be. All raise VenueError as the venue does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pinery.simulators.binance.errors import VenueError, refusal

_NUMBER = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
_NUMBER_TEXT = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_WHOLE = re.compile(r"^[0-9]{1,20}$")
_CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")


class Params:
    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> Params:
        """Of an item of a batch, or of a message: numbers and truth values may come as such."""
        return Params({name: _text(value) for name, value in values.items() if value is not None})

    def text(self, name: str) -> str:
        """Empty where it was not sent."""
        return self.values.get(name, "")

    def need(self, name: str) -> str:
        if not (value := self.text(name)):
            raise refusal(-1102, name)
        return value

    def one_of(self, name: str, known: Sequence[str], code: int, default: str | None = None) -> str:
        value = self.text(name) or default
        if value is None:
            raise refusal(-1102, name)
        if value not in known:
            raise refusal(code, name)
        return value

    def number(self, name: str) -> Decimal | None:
        if not (value := self.text(name)):
            return None
        if not _NUMBER.match(value):
            raise refusal(-1100, name, _NUMBER_TEXT)
        return Decimal(value)

    def needed_number(self, name: str) -> Decimal:
        self.need(name)
        value = self.number(name)
        assert value is not None
        return value

    def whole(self, name: str) -> int | None:
        if not (value := self.text(name)):
            return None
        if not _WHOLE.match(value):
            raise refusal(-1102, name)
        return int(value)

    def needed_whole(self, name: str) -> int:
        self.need(name)
        value = self.whole(name)
        assert value is not None
        return value

    def flag(self, name: str) -> bool:
        match self.text(name).lower():
            case "":
                return False
            case "true":
                return True
            case "false":
                return False
        raise refusal(-1130, name)

    def period(self) -> tuple[int, int | None]:
        """From startTime to endTime, both included; without them all of it."""
        start, end = self.whole("startTime") or 0, self.whole("endTime")
        if end is not None and start > end:
            raise refusal(-1023)
        return start, end

    def limit(self, default: int, most: int) -> int:
        value = self.whole("limit")
        return default if not value else min(value, most)

    def client_id(self, name: str) -> str:
        """Empty where it was not sent."""
        value = self.text(name)
        if len(value) > 36:
            raise refusal(-4015)
        if value and not _CLIENT_ID.match(value):
            raise refusal(-1100, name, r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
        return value

    def either(self, number: str, text: str) -> tuple[int | None, str | None]:
        """Which order is meant, by its number or by the client's id."""
        id, client_id = self.whole(number), self.text(text) or None
        if id is None and client_id is None:
            raise VenueError(-1102, f"Param '{text}' or '{number}' must be sent, but both were empty/null!")
        return id, client_id


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)
