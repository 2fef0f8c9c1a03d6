"""Takes secrets out of what is about to be logged: by the name that they are under, by their look, by their value."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

#: Shorter values would mask harmless text everywhere; keys and looks still catch them.
SHORTEST = 4

_DEEPEST = 8  # nested values below this come out as text

_NAMES = (
    r"password|passwd|passphrase|passcode|pwd|secret|token|authorization|cookie|csrf|credential"
    r"|(?:api|private|access|signing)[_-]?key"
)
_KEY = re.compile(rf"{_NAMES}|(?:^|[_-])pass$", re.IGNORECASE)

#: What follows a name: a quoted value, also one without an end, or all up to the next space.
_QUOTED = r"b?\"(?:\\.|[^\"\\])*\"?|b?'(?:\\.|[^'\\])*'?|\\\"[^\"]*\"?"
_VALUE = rf"(?:{_QUOTED}|\S+)"

#: Text that looks like a secret: words without which it cannot (asked first, it is much faster), the pattern, and what
#: stays of it. Rather too much is masked than too little. None of them may take more than linear time: strangers write
#: what is logged.
_LOOKS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (("hook",), re.compile(r"((?:/|%2f)hook(?:/|%2f))[^\s\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
    # scheme://user:password@host
    (("://",), re.compile(r"(://[^\s:/@\"'<>]{0,200}:)[^\s\"'<>]{0,500}@"), rf"\1{MASK}@"),
    # To the end of the quotes, or of the line: cookies hold several values, credentials a scheme and a value.
    (
        ("authorization", "cookie"),
        re.compile(
            rf"(authorization|cookie)(\\?[\"']?\s{{0,4}}[:=,]\s{{0,4}})(?:{_QUOTED}|[^\n]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
    (
        ("bearer", "basic"),
        re.compile(r"\b(bearer|basic)\s{1,4}[a-z0-9._~+/=-]{6,}", re.IGNORECASE),
        rf"\1 {MASK}",
    ),
    # password=…, "api_key": "…", token='…'
    (
        ("pass", "pwd", "secret", "token", "auth", "cookie", "csrf", "credential", "key"),
        re.compile(rf"((?:{_NAMES}|\bpass)[\w-]{{0,20}})(\\?[\"']?\s{{0,4}}[:=]\s{{0,4}}){_VALUE}", re.IGNORECASE),
        rf"\1\2{MASK}",
    ),
)

_LONGEST = 32_768  # characters of one text


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """True for names as "password", "webhook_token", "Set-Cookie", "X-Api-Key"."""
    return _KEY.search(name) is not None


class Redactor:
    """Values become what JSON can hold, masked all through. Registered values are masked in any text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hidden: set[str] = set()
        self._values: re.Pattern[str] | None = None

    def hide(self, *secrets: str) -> None:
        """Registers values, as they are and as addresses and JSON write them. Too short ones are passed over."""
        with self._lock:
            before = len(self._hidden)
            for secret in secrets:
                if len(secret) >= SHORTEST:
                    escaped = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
                    self._hidden.update((secret, repr(secret)[1:-1], *escaped))
                    if _utf8(secret):
                        in_address = quote(secret, safe=""), quote(secret), quote_plus(secret)
                        self._hidden.update((repr(secret.encode())[2:-1], *in_address))
            if len(self._hidden) > before:
                longest_first = sorted(self._hidden, key=len, reverse=True)
                self._values = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        if self._values is not None:
            text = self._values.sub(MASK, text)
        folded = text.casefold()
        for words, look, kept in _LOOKS:
            if any(word in folded for word in words):
                text = look.sub(kept, text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more characters)"

    def field(self, name: str, value: Any, depth: int = 0) -> Any:
        """``value`` as it may be logged under ``name``."""
        if is_secret_name(name) and value is not None and not isinstance(value, bool) and value != "":
            return MASK
        return self.value(value, depth)

    def value(self, value: Any, depth: int = 0) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(str(value))
        if isinstance(value, (int, float)):
            # A number may be a PIN that was registered; not-a-number is no JSON.
            text = self.text(str(value))
            return value if text == str(value) and value == value and abs(value) != float("inf") else text
        if isinstance(value, (bytes, bytearray)):
            return self.text(bytes(value).decode("utf-8", "backslashreplace"))
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return {self.text(_str(key)): self.field(_str(key), item, depth + 1) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                if len(value) == 2 and isinstance(value[0], (str, bytes)):  # a header
                    return [self.value(value[0], depth + 1), self.field(_str(value[0]), value[1], depth + 1)]
                return [self.value(item, depth + 1) for item in value]
            if isinstance(value, Set):
                return [self.value(item, depth + 1) for item in value]
        return self.text(_str(value))


def _str(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    try:
        return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
    except Exception as error:  # a line with a broken value is better than none
        return f"<{type(value).__name__}: {type(error).__name__} in its text>"


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


#: Of this process.
redactor = Redactor()
