"""The simulator's account as text to paste, or put into the pinery.toml and the secrets file of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pinery.app.config.secrets import SECRETS_NAME, read_secrets, write_secrets
from pinery.app.stages.editing import only_editor, put_tables
from pinery.trading.errors import ConfigError


def write(
    folder: Path, name: str, account: Mapping[str, Any], feed: Mapping[str, Any], secrets: Mapping[str, str]
) -> None:
    """Secrets first: settings that name missing ones would not be right. Raises ConfigError, Refused."""
    with only_editor(folder):
        _write_secrets(folder, secrets)
        put_tables(folder, {("accounts", name): account, ("feeds", name): feed})


def known_secrets(folder: Path, names: Iterable[str]) -> list[str]:
    """Values that the folder has for the secrets already, "" for those that are not there."""
    found, _ = read_secrets(folder)
    return [found.values.get(name, "") for name in names]


def _write_secrets(folder: Path, values: Mapping[str, str]) -> None:
    path = folder / SECRETS_NAME
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        table: Any = document.setdefault("secrets", tomlkit.table())
        for name, value in values.items():
            table[name] = value
        write_secrets(path, tomlkit.dumps(document))
    except (OSError, UnicodeDecodeError, TOMLKitError, TypeError) as error:
        raise ConfigError(f"{path} cannot be changed: {error}", hint="pinery config check says where") from None
