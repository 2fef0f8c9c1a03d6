"""``pinery.toml``: what a folder's commands have in common.

    libraries = ["my-libraries"]     # folders with name/library/version.pine
    symbols = "symbols.toml"         # more instruments; or [symbols] file = "symbols.toml", with rules for trading

    [limits]                         # what protects against runaway scripts: fields of ``Limits``
    max_loop_seconds = 60

Paths are relative to the file. Options on the command line come first. The sections of trading stand in the same file;
``app/config`` reads and checks them.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pinery.core.errors import UsageError
from pinery.runtime.context import Limits

FILE_NAME = "pinery.toml"

#: Sections that only trading reads.
TRADING_SECTIONS = frozenset(
    {
        "store",
        "webhook",
        "control",
        "feeds",
        "accounts",
        "deployments",
        "stages",
        "notify",
        "retention",
        "backup",
        "up",
        "log",
    }
)
_SCRIPT_SETTINGS = ("libraries", "symbols", "limits")


@dataclass(frozen=True, slots=True)
class Settings:
    libraries: tuple[Path, ...] = ()
    symbols: Path | None = None
    limits: Limits | None = None


def load_settings(folder: Path) -> Settings:
    """The settings in ``folder``; the defaults where it has no ``pinery.toml``."""
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    libraries, symbols, limits = data.pop("libraries", []), data.pop("symbols", None), data.pop("limits", None)
    unknown = [name for name in data if name not in TRADING_SECTIONS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], [*_SCRIPT_SETTINGS, *TRADING_SECTIONS], 1)
        hint = f"did you mean {near[0]!r}?" if near else "known are libraries, symbols and limits, and what trading has"
        raise UsageError(f"{path} has an unknown setting {unknown[0]!r}", hint=hint)
    if isinstance(symbols, dict):
        symbols = symbols.get("file")
    if not isinstance(libraries, list) or not all(isinstance(item, str) for item in libraries):
        raise UsageError(f"{path}: libraries must be a list of folders", hint='libraries = ["my-libraries"]')
    if symbols is not None and not isinstance(symbols, str):
        raise UsageError(f"{path}: symbols must be the name of a file", hint='symbols = "symbols.toml"')
    if limits is not None and not isinstance(limits, dict):
        raise UsageError(f"{path}: limits must be a table", hint="[limits] on a line, the limits below it")
    return Settings(
        tuple(folder / item for item in libraries),
        folder / symbols if symbols else None,
        limits_from(limits, str(path)) if limits is not None else None,
    )


def limits_from(values: Mapping[str, Any], where: str) -> Limits:
    """``Limits`` with some fields changed. Raises UsageError, which names ``where``, for what is no limit."""
    known = {field.name: type(field.default) for field in fields(Limits)}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{where}: there is no limit {name!r}", hint=f"the limits are {', '.join(known)}")
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole or (known[name] is float and isinstance(value, float))) or not value > 0:
            raise UsageError(f"{where}: the limit {name} is {value!r}", hint="limits are numbers above 0")
    return Limits(**values)
