"""Scripts for the dashboard: the library that comes with Pinery, the installation's own, and those on its charts.

Own scripts are the files ``scripts/*.pine`` in the installation's folder. A file is found by its id in the list of all,
so that no path is ever made of what a request says; only a new script's name becomes one, and it is checked.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinery.adapters.store.views.values import iso
from pinery.app.config.configuration import Configuration
from pinery.app.library import library_folder
from pinery.app.scripts import decode
from pinery.core.errors import UsageError
from pinery.gateway.control.studio import LONGEST_SCRIPT, ScriptRow, ScriptText
from pinery.trading.errors import NotFound, Refused, StoreError

FOLDER = "scripts"
SUFFIX = ".pine"
MOST_SCRIPTS = 1000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"^\s*//\s*@version\s*=\s*(\d)", re.MULTILINE)
_DECLARED = re.compile(
    r"^(strategy|indicator|study|library)\s*\(\s*(?:title\s*=\s*)?(?:\"([^\"\n]*)\"|'([^'\n]*)')?", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a script says of itself, as far as a glance shows."""

    title: str
    kind: str
    version: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    id: str
    path: Path
    place: str
    writable: bool


def bundled_library() -> Path | None:
    """The scripts that come with Pinery; None where an installation lacks them."""
    try:
        return library_folder()
    except UsageError:
        return None


class ScriptFolder:
    """Implements ``gateway.control.studio.Scripts``."""

    def __init__(self, configuration: Callable[[], Configuration], library: Path | None) -> None:
        """``library`` has the folders ``strategies`` and ``indicators``; None: there is none."""
        self._configuration = configuration
        self._library = library
        self._lock = threading.Lock()
        self._headings: dict[Path, tuple[tuple[int, int], Heading]] = {}

    @property
    def folder(self) -> Path:
        return self._configuration().folder / FOLDER

    def all(self) -> Sequence[ScriptRow]:
        users = self._users()
        rows = (self._row(found, users) for found in self._found())
        return [row for row in rows if row is not None]

    def path(self, id: str) -> Path:
        """Raises NotFound."""
        return self._find(id).path

    def read(self, id: str) -> ScriptText:
        found = self._find(id)
        content = _read(found.path)
        row = self._row(found, self._users())
        if row is None:
            raise _gone(id)
        return ScriptText(row, decode(content, found.path.name), _digest(content))

    def create(self, name: str, text: str) -> ScriptText:
        stem = name.strip().removesuffix(SUFFIX)
        if not _NAME.fullmatch(stem):
            raise UsageError(
                f"{name!r} cannot be the name of a script", "use up to 64 letters, digits, _ and -, a letter first"
            )
        content = _content(text)
        with self._lock:
            existing = [found.path.stem.casefold() for found in self._own()]
            if stem.casefold() in existing:
                raise Refused(f"there is a script {stem}{SUFFIX} already", "open it, or choose another name")
            if len(existing) >= MOST_SCRIPTS:
                raise Refused(f"there are {MOST_SCRIPTS} scripts", "delete some that are not needed")
            _write(self.folder / f"{stem}{SUFFIX}", content)
        return self.read(f"own:{stem}")

    def save(self, id: str, text: str, sha256: str) -> ScriptText:
        content = _content(text)
        with self._lock:
            found = self._writable(id)
            if _digest(_read(found.path)) != sha256:
                raise Refused(
                    f"{found.path.name} was changed meanwhile", "open it again, and make your changes to that"
                )
            _write(found.path, content)
        return self.read(id)

    def delete(self, id: str) -> None:
        with self._lock:
            found = self._writable(id)
            users = self._users().get(found.path.resolve(), ())
            if users:
                raise Refused(f"{found.path.name} runs on the chart of {', '.join(users)}", "take it from there first")
            try:
                found.path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{found.path} cannot be deleted: {error.strerror or error}") from None

    def _users(self) -> dict[Path, tuple[str, ...]]:
        """Which deployments' charts run a file."""
        users: dict[Path, tuple[str, ...]] = {}
        for name, chart in self._configuration().charts.items():
            path = chart.script.resolve()
            users[path] = (*users.get(path, ()), name)
        return users

    def _found(self) -> Iterator[_Found]:
        listed: set[Path] = set()
        for found in (*self._own(), *self._of_library()):
            listed.add(found.path.resolve())
            yield found
        for name, chart in self._configuration().charts.items():
            if chart.script.resolve() not in listed and chart.script.is_file():
                listed.add(chart.script.resolve())
                yield _Found(f"chart:{name}", chart.script, "own", False)

    def _own(self) -> Iterator[_Found]:
        for path in _pine_files(self.folder):
            yield _Found(f"own:{path.stem}", path, "own", True)

    def _of_library(self) -> Iterator[_Found]:
        if self._library is not None:
            for group in ("strategies", "indicators"):
                for path in _pine_files(self._library / group):
                    yield _Found(f"library:{group}:{path.stem}", path, "library", False)

    def _find(self, id: str) -> _Found:
        for found in self._found():
            if found.id == id:
                return found
        raise _gone(id)

    def _writable(self, id: str) -> _Found:
        found = self._find(id)
        if not found.writable:
            raise Refused(f"{found.path.name} cannot be changed here", "save it under a name of your own")
        return found

    def _row(self, found: _Found, users: dict[Path, tuple[str, ...]]) -> ScriptRow | None:
        """None if the file went away meanwhile."""
        try:
            status = found.path.stat()
            stamp = status.st_mtime_ns, status.st_size
            known = self._headings.get(found.path)
            if known is None or known[0] != stamp:
                known = stamp, heading(found.path.read_bytes()[:LONGEST_SCRIPT].decode(errors="replace"))
                self._headings[found.path] = known
        except OSError:
            return None
        said = known[1]
        return ScriptRow(
            id=found.id,
            name=found.path.name,
            title=said.title or found.path.stem,
            kind=said.kind,
            version=said.version,
            place=found.place,
            writable=found.writable,
            modified=iso(status.st_mtime_ns // 1_000_000),
            bytes=status.st_size,
            used_by=users.get(found.path.resolve(), ()),
        )


def heading(text: str) -> Heading:
    """Without parsing the script, which may be wrong."""
    version = _VERSION.search(text)
    declared = _DECLARED.search(text)
    if declared is None:
        return Heading("", "", int(version[1]) if version else None)
    kind = "indicator" if declared[1] == "study" else declared[1]
    return Heading(declared[2] or declared[3] or "", kind, int(version[1]) if version else None)


def _pine_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file())
    except OSError:
        return []


def _content(text: str) -> bytes:
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise UsageError("the script holds half a character", "remove it, or type it again") from None
    if len(content) > LONGEST_SCRIPT:
        raise UsageError(f"the script has {len(content)} bytes; up to {LONGEST_SCRIPT} can be saved")
    decode(content, "the script")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path.name} cannot be read: {error.strerror or error}") from None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".draft", delete=False) as draft:
            try:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
                os.chmod(draft.name, 0o644)
                os.replace(draft.name, path)
            except BaseException:
                os.unlink(draft.name)
                raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}", "free some space") from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _gone(id: str) -> NotFound:
    return NotFound(f"there is no script {id!r}")
