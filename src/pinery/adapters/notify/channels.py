"""Which types of channels there are, and how each is made from its options. A new type is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pinery.adapters.notify.console import Console
from pinery.adapters.notify.http import Http
from pinery.adapters.notify.options import Options
from pinery.adapters.notify.smtp import Smtp
from pinery.adapters.notify.texts import Texts
from pinery.trading.channels import Channel
from pinery.trading.errors import ConfigError

Factory = Callable[[str, Options, Texts], Channel]

TYPES: dict[str, Factory] = {
    "console": Console.from_options,
    "smtp": Smtp.from_options,
    "http": Http.from_options,
}


def build(name: str, type: str, options: Mapping[str, Any], texts: Texts | None = None) -> Channel:
    """The channel ``name``. Secrets in ``options`` are resolved already. Raises ConfigError, never with a value of
    an option that may be a secret."""
    factory = TYPES.get(type)
    if factory is None:
        close = get_close_matches(type, TYPES, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"types are {', '.join(TYPES)}"
        raise ConfigError(f"channel {name!r}: there is no type {type!r}", hint=hint)
    reading = Options(name, type, options)
    channel = factory(name, reading, texts or Texts())
    reading.check_rest()
    return channel
