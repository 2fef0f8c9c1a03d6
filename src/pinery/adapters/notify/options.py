"""Reads the options of a channel, each with an error that says which one is wrong and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pinery.trading.errors import ConfigError


class Options:
    """Every option is asked for once; ``check_rest`` refuses what nobody asked for."""

    def __init__(self, channel: str, type: str, values: Mapping[str, Any]) -> None:
        self._where = f"channel {channel!r} ({type})"
        self._values = dict(values)
        self._asked: list[str] = []

    def error(self, message: str, hint: str | None = None) -> ConfigError:
        return ConfigError(f"{self._where}: {message}", hint=hint)

    def text(self, name: str, default: str | None = None) -> str:
        """Without a default it has to be there, and not empty."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self.error(f"{name} must be text")
        if not value and default is None:
            raise self.error(f"{name} is empty")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise self.error(f"{name} must be a number from {least:g} to {most:g}")
        return value

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise self.error(f"{name} is {value!r}", hint=f"it may be {', '.join(choices)}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them, at least one."""
        value = self._take(name, None)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, (list, tuple)) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(f"{name} must be a text or a list of texts")
        return tuple(values)

    def check_rest(self) -> None:
        for name in self._values:
            if name not in self._asked:
                close = get_close_matches(name, self._asked, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"options are {', '.join(self._asked) or 'none'}"
                raise self.error(f"there is no option {name!r}", hint=hint)

    def _take(self, name: str, default: Any) -> Any:
        self._asked.append(name)
        value = self._values.get(name)
        value = default if value is None else value
        if value is None:
            raise self.error(f"{name} is missing", hint=f"add {name} = …")
        return value
