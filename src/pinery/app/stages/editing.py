"""Changes of ``pinery.toml`` by Pinery itself: whole or not at all, one at a time, comments kept.

A change is made on the text, read back, and only put in place where it changed what it should and nothing else, where
the settings are right, and where nobody changed the file meanwhile.
"""

from __future__ import annotations

import copy
import fcntl
import os
import re
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.config.secrets import SECRETS_NAME, write_secrets
from pinery.app.settings import FILE_NAME
from pinery.trading.errors import ConfigError, Refused

LOCK_NAME = ".pinery.edit.lock"
_DRAFT_NAME = ".pinery.draft.toml"
_PATIENCE = 10.0  # seconds
_LOOK = 0.02

#: Done with the new configuration, before the file is put in place; what it raises leaves the file as it was.
Before = Callable[[Configuration], None]


@contextmanager
def only_editor(folder: Path) -> Iterator[None]:
    """Nobody else of Pinery edits the settings of ``folder`` meanwhile. Raises Refused after ten seconds."""
    until = time.monotonic() + _PATIENCE
    try:
        file = (folder / LOCK_NAME).open("a")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror or error}") from None
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Refused(f"{FILE_NAME} is being changed by somebody else", "try again") from None
                time.sleep(_LOOK)
        yield  # closing the file gives the lock back


def add_deployment(folder: Path, name: str, settings: Mapping[str, Any], before: Before) -> Configuration:
    """A section ``[deployments.NAME]`` at the end of the file, tables in ``settings`` as sections of their own."""

    def change(data: dict[str, Any]) -> None:
        deployments = data.setdefault("deployments", {})
        if name in deployments:
            raise Refused(f"there is a deployment {name!r} already", "choose another name, or remove it first")
        deployments[name] = dict(settings)

    def text(old: str) -> str:
        return f"{old.rstrip()}\n\n{_section(name, settings)}"

    return _edit(folder, text, change, before)


def set_values(folder: Path, name: str, values: Mapping[str, Any], before: Before) -> Configuration:
    """Plain settings of a deployment, as ``stage`` and ``paused``."""

    def change(data: dict[str, Any]) -> None:
        data["deployments"][name].update(values)

    def text(old: str) -> str:
        document = tomlkit.parse(old)
        table: Any = document["deployments"]
        for key, value in values.items():
            table[name][key] = value
        return tomlkit.dumps(document)

    return _edit(folder, text, change, before)


def remove_deployment(folder: Path, name: str, before: Before) -> Configuration:
    """All sections of a deployment; the comments after them stay."""

    def change(data: dict[str, Any]) -> None:
        del data["deployments"][name]
        if not data["deployments"]:
            del data["deployments"]

    return _edit(folder, lambda old: _without(old, name), change, before)


def put_tables(folder: Path, tables: Mapping[tuple[str, str], Mapping[str, Any]]) -> Configuration:
    """``[accounts.NAME]`` and its like with these settings: added at the end of the file, or in place of the values
    that they have; other settings of a table stay. All of them or none."""

    def change(data: dict[str, Any]) -> None:
        for (group, name), values in tables.items():
            data.setdefault(group, {}).setdefault(name, {}).update(values)

    def text(old: str) -> str:
        for (group, name), values in tables.items():
            old = _with_table(old, group, name, values)
        return old

    return _edit(folder, text, change, lambda configuration: None)


def _with_table(old: str, group: str, name: str, values: Mapping[str, Any]) -> str:
    if name not in tomllib.loads(old).get(group, {}):
        return f"{old.rstrip()}\n\n{table_text(f'{group}.{name}', values)}".lstrip("\n")
    document = tomlkit.parse(old)
    tables: Any = document[group]
    for key, value in values.items():
        tables[name][key] = value
    return tomlkit.dumps(document)


def remove_token(folder: Path, name: str) -> None:
    """The hashes of a deployment's tokens go out of the secrets file."""
    path = folder / SECRETS_NAME
    try:
        if not path.exists():
            return
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        tokens: Any = document.get("webhook_tokens", {})
        if name in tokens:
            del tokens[name]
            write_secrets(path, tomlkit.dumps(document))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(
            f"{path} cannot be changed: {error}", hint="take the deployment's token out by hand"
        ) from None


# --- the change itself ----------------------------------------------------------------


def _edit(
    folder: Path, edit: Callable[[str], str], change: Callable[[dict[str, Any]], None], before: Before
) -> Configuration:
    """``edit`` makes the new text, ``change`` the same on its data: the two are held against each other."""
    path = (folder / FILE_NAME).resolve()
    old = _read(path)
    wanted = copy.deepcopy(_parsed(old))
    change(wanted)
    try:
        new = edit(old)
        is_right = _emptied(tomllib.loads(new)) == _emptied(wanted)
    except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        is_right = False
    if not is_right:
        raise Refused(
            f"{FILE_NAME} is written in a way that Pinery cannot change safely",
            "make the change by hand, or write each deployment as a section: [deployments.NAME]",
        )
    draft = folder / _DRAFT_NAME
    try:
        _write(draft, new, path)
        configuration = _checked(folder)
        if _read(path) != old:
            raise Refused(f"{FILE_NAME} was changed meanwhile", "try again")
        before(configuration)
        os.replace(draft, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return configuration


def tables_of(folder: Path) -> dict[str, Any]:
    """What ``pinery.toml`` says, right or not. Raises ConfigError where it is not there, or no TOML."""
    return _parsed(_read((folder / FILE_NAME).resolve()))


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{FILE_NAME} cannot be changed, it is not valid TOML: {error}", hint="pinery config check says where"
        ) from None


_PLACE = re.compile(r"^pinery\.toml( line \d+)?: ")


def _checked(folder: Path) -> Configuration:
    """The draft's settings. What is wrong is told without lines: nobody has seen the draft."""
    try:
        return load_configuration(folder, name=_DRAFT_NAME)
    except ConfigError as error:
        findings = tuple(_PLACE.sub("", finding) for finding in error.findings)
        if not findings:
            raise
        raise ConfigError("; ".join(findings), findings, "nothing was changed") from None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
            return file.read()
    except FileNotFoundError:
        raise ConfigError(f"there is no {FILE_NAME} in {path.parent}", hint="make one with: pinery init") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


def _write(draft: Path, text: str, like: Path) -> None:
    """On disk, with the rights of ``like``."""
    handle, name = tempfile.mkstemp(dir=draft.parent, prefix=f".{draft.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, like.stat().st_mode & 0o7777)
        os.replace(name, draft)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _emptied(data: dict[str, Any]) -> dict[str, Any]:
    """Without an empty table of deployments: whether its header stays makes no difference."""
    return {key: value for key, value in data.items() if key != "deployments" or value}


def _section(name: str, settings: Mapping[str, Any]) -> str:
    tables = {key: value for key, value in settings.items() if isinstance(value, Mapping)}
    parts = [table_text(f"deployments.{name}", {k: v for k, v in settings.items() if k not in tables})]
    parts += [table_text(f"deployments.{name}.{key}", value) for key, value in tables.items()]
    return "\n".join(parts)


def table_text(header: str, values: Mapping[str, Any]) -> str:
    """A table of TOML; tables in it are written in its line."""
    lines = tomlkit.document()
    for key, value in values.items():
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            lines.add(key, inline)
        else:
            lines.add(key, tomlkit.item(value))
    return f"[{header}]\n{tomlkit.dumps(lines)}"


_HEADER = re.compile(r"\s*\[{1,2}\s*(?P<name>[^\]]+?)\s*\]{1,2}\s*(#.*)?$")


def _without(text: str, name: str) -> str:
    """Lines from each header of the deployment to its last setting."""
    kept: list[str] = []
    section: list[str] | None = None  # lines of a section that goes, so far

    def close() -> None:
        if section is not None:
            rest = section
            while rest and (not rest[-1].strip() or rest[-1].lstrip().startswith("#")):
                rest = rest[:-1]
            kept.extend(section[len(rest) :])

    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header is not None:
            close()
            keys = [part.strip().strip("\"'") for part in header["name"].split(".")]
            section = [] if keys[:2] == ["deployments", name] else None
        if section is None:
            kept.append(line)
        else:
            section.append(line)
    close()
    return "".join(kept)
