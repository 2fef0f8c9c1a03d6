"""``pinery.toml``: what a folder's commands have in common.

    libraries = ["my-libraries"]     # folders with name/library/version.pine
    symbols = "symbols.toml"         # more instruments

Paths are relative to the file. Options on the command line come first.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pinery.core.errors import UsageError

FILE_NAME = "pinery.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    libraries: tuple[Path, ...] = ()
    symbols: Path | None = None


def load_settings(folder: Path) -> Settings:
    """The settings in ``folder``; the defaults where it has no ``pinery.toml``."""
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    libraries, symbols = data.pop("libraries", []), data.pop("symbols", None)
    if data:
        raise UsageError(f"{path} has an unknown setting {next(iter(data))!r}", hint="known are libraries and symbols")
    if not isinstance(libraries, list) or not all(isinstance(item, str) for item in libraries):
        raise UsageError(f"{path}: libraries must be a list of folders", hint='libraries = ["my-libraries"]')
    if symbols is not None and not isinstance(symbols, str):
        raise UsageError(f"{path}: symbols must be the name of a file", hint='symbols = "symbols.toml"')
    return Settings(tuple(folder / item for item in libraries), folder / symbols if symbols else None)
