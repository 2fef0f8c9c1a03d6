"""The simulator's account as text to paste, or put into the pinery.toml and the secrets file of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pinery.adapters.common.hosts import is_this_machine
from pinery.app.config.secrets import SECRETS_NAME, read_secrets, write_secrets
from pinery.app.stages.editing import only_editor, put_tables, tables_of
from pinery.core.errors import PineryError, UsageError
from pinery.trading.errors import ConfigError


def write(
    folder: Path, name: str, account: Mapping[str, Any], feed: Mapping[str, Any], secrets: Mapping[str, str]
) -> None:
    """Secrets first: settings that name missing ones would not be right. All or none. Raises ConfigError, Refused."""
    path = folder / SECRETS_NAME
    with only_editor(folder):
        before = path.read_text(encoding="utf-8") if path.exists() else None
        _write_secrets(path, secrets)
        try:
            put_tables(folder, {("accounts", name): account, ("feeds", name): feed})
        except PineryError:
            if before is None:
                path.unlink()
            else:
                write_secrets(path, before)
            raise


def look_before(folder: Path, name: str, broker: str) -> None:
    """Raises UsageError where the account's name is that of another account, ConfigError where nothing can be written.

    A real account must not become a simulated one: its deployments would trade there from then on.
    """
    section = tables_of(folder).get("accounts", {}).get(name)
    if section is None:
        return
    host = urlsplit(str(section.get("rest_url", ""))).hostname or ""
    if section.get("broker") != broker or not is_this_machine(host):
        raise UsageError(
            f"[accounts.{name}] is there already, and is no simulated {broker}", "choose another name with --account"
        )


def known_secrets(folder: Path, names: Iterable[str]) -> list[str]:
    """Values that the folder has for the secrets already, "" for those that are not there."""
    found, _ = read_secrets(folder)
    return [found.values.get(name, "") for name in names]


def _write_secrets(path: Path, values: Mapping[str, str]) -> None:
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        table: Any = document.setdefault("secrets", tomlkit.table())
        for name, value in values.items():
            table[name] = value
        write_secrets(path, tomlkit.dumps(document))
    except (OSError, UnicodeDecodeError, TOMLKitError, TypeError) as error:
        raise ConfigError(f"{path} cannot be changed: {error}", hint="pinery config check says where") from None
