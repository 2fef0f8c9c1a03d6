"""``pinery backup`` and ``pinery restore``."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pinery.adapters.store.backup import Manifest
    from pinery.app.config.configuration import Configuration

FolderOption = Annotated[Path, typer.Option("--folder", "--dir", metavar="DIR", help="Folder with pinery.toml.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    app.command("backup", epilog="Example: pinery backup --to /mnt/backups · pinery backup --verify FILE")(make_backup)
    app.command("restore", epilog="Example: pinery restore backups/pinery-backup-20261122T030000Z.tar.gz")(
        restore_backup
    )


def make_backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where to; default: as pinery.toml says.")
    ] = None,
    include_secrets: Annotated[
        bool, typer.Option("--include-secrets", help="Also save pinery.secrets.toml: keep such a file safe.")
    ] = False,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="FILE", help="Restore FILE to a temporary place and compare.")
    ] = None,
    folder: FolderOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Save the store and the configuration into one file; Pinery may go on running meanwhile."""
    from pinery.adapters.store import backup as saving
    from pinery.app.config.reading import load_configuration
    from pinery.app.progress import progress_bar

    if verify is not None:
        with progress_bar("comparing") as progress:
            manifest = saving.verify(verify, progress)
        _say(as_json, f"{verify} is good", verify, manifest)
        return
    configuration = load_configuration(folder)
    target = to or configuration.backup.folder
    with progress_bar("saving") as progress:
        files = configuration_files(configuration, include_secrets=include_secrets)
        file = saving.backup(configuration.store_url, target, int(time.time() * 1000), files, progress)
    manifest = saving.read_manifest(file)
    without = "" if include_secrets else "; without secrets: after a restore webhook addresses have to be made anew"
    _say(as_json, f"saved to {file}{without}", file, manifest)


def restore_backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What pinery backup wrote.")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="Another store; default: as pinery.toml says.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace all that the store holds now.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    folder: FolderOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Fill a store with what a backup holds, and put back configuration files that are missing.

    A backup of SQLite can be restored to PostgreSQL, and the other way round.
    """
    from pinery.adapters.store import backup as saving
    from pinery.adapters.store.database import parse_url
    from pinery.app.config.reading import load_configuration
    from pinery.app.progress import progress_bar

    manifest = saving.read_manifest(file)
    put_back: list[str] = []
    differing: list[str] = []
    if to is None:
        put_back, differing = _put_back(saving.saved_files(file), folder)
        to = load_configuration(folder).store_url
    shown = parse_url(to).render_as_string(hide_password=True).replace("+psycopg", "", 1)
    if force and not yes:
        _confirm(f"Replace all that {shown} holds by the state of {_day(manifest.created)}?")
    with progress_bar("restoring") as progress:
        saving.restore(file, to, force=force, progress=progress)
    files = f"; put back {', '.join(put_back)}" if put_back else ""
    if differing:
        files += f"; left as they are here, other than in the backup: {', '.join(differing)}"
    _say(as_json, f"restored to {shown} as it was at {_day(manifest.created)}{files}", file, manifest)


def configuration_files(configuration: Configuration, *, include_secrets: bool) -> dict[str, Path]:
    """What belongs into a backup besides the store, by its place in the folder: settings, symbols, and the scripts and
    libraries that lie in the folder."""
    from pinery.app.config.secrets import SECRETS_NAME
    from pinery.app.libraries import FOLDER as LIBRARIES
    from pinery.app.settings import FILE_NAME
    from pinery.app.studio.scripts import FOLDER as SCRIPTS

    folder = configuration.folder
    paths = [folder / FILE_NAME]
    if configuration.symbols is not None:
        paths.append(configuration.symbols)
    if include_secrets:
        paths.append(folder / SECRETS_NAME)
    found = {path.name: path for path in paths if path.is_file()}
    charts = {chart.script for chart in configuration.charts.values()}
    places = {folder / SCRIPTS, *configuration.libraries, *(script.parent / LIBRARIES for script in charts)}
    scripts = {path for place in places if _inside(place, folder) for path in place.rglob("*.pine")}
    for path in sorted(scripts | charts):
        name = _inside(path, folder)
        if name and path.is_file():
            found[name] = path
    return found


def _inside(path: Path, folder: Path) -> str:
    """Its name from ``folder`` on; empty for what does not lie in it."""
    name = Path(os.path.relpath(path, folder)).as_posix()
    return "" if name.startswith("../") or name in (".", "..") else name


def _put_back(files: dict[str, bytes], folder: Path) -> tuple[list[str], list[str]]:
    """Writes those files that are not there. Returns what was written, and what is there with other contents.
    Raises UsageError."""
    from pinery.core.errors import UsageError

    written: list[str] = []
    differing: list[str] = []
    for name in files:  # a backup may come from anywhere: nothing of it is written outside the folder
        if not (folder / name).parent.resolve().is_relative_to(folder.resolve()) or Path(name).name in ("", ".."):
            raise UsageError(f"{name!r} of the backup would lie outside {folder}", "use one that pinery backup made")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            if os.path.lexists(path):
                if not path.is_file() or path.read_bytes() != content:
                    differing.append(name)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                # Private: the secrets may be among them.
                with open(path, "xb", opener=lambda at, flags: os.open(at, flags, 0o600)) as out:
                    out.write(content)
                written.append(name)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
    return written, differing


def _confirm(question: str) -> None:
    from pinery.core.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("this replaces what the store holds, and nobody can be asked", "add --yes")
    typer.confirm(question, abort=True)


def _say(as_json: bool, sentence: str, file: Path, manifest: Manifest) -> None:
    from pinery.app.terminal import console

    if as_json:
        facts = {
            "file": str(file),
            "created": manifest.created,
            "pinery": manifest.pinery,
            "schema": manifest.schema,
            "rows": {name: table.rows for name, table in manifest.tables.items()},
            "files": list(manifest.files),
        }
        print(json.dumps(facts))
        return
    shown = console()
    shown.print(sentence, markup=False)
    shown.print(
        f"{manifest.rows} rows in {len(manifest.tables)} tables; files: {', '.join(manifest.files) or 'none'}",
        style="dim",
        markup=False,
    )


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
