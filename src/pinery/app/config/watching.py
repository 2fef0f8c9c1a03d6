"""Reload without a restart: a running process asks every second whether the files have changed."""

from __future__ import annotations

from pathlib import Path

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.config.secrets import SECRETS_NAME
from pinery.app.settings import FILE_NAME
from pinery.trading.errors import ConfigError

_Stamp = tuple[tuple[int, int, int] | None, ...]


class Watcher:
    """``current`` is the last valid configuration. Raises ConfigError if there is none to begin with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._symbols: Path | None = None
        self._stamp = self._look()
        self.current: Configuration = load_configuration(folder)
        self._symbols = self.current.symbols
        if self._symbols is not None:
            self._stamp = (*self._stamp, _stamp(self._symbols))

    def poll(self) -> Configuration | ConfigError | None:
        """The new configuration; or, once per change, why it is not valid, and ``current`` stays; or None."""
        stamp = self._look()
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            found = load_configuration(self._folder)
        except ConfigError as error:
            return error
        if found.symbols != self._symbols:
            self._symbols = found.symbols
            self._stamp = self._look()
        if found.version == self.current.version:
            return None
        self.current = found
        return found

    def _look(self) -> _Stamp:
        paths = [self._folder / FILE_NAME, self._folder / SECRETS_NAME]
        return tuple(_stamp(path) for path in (*paths, *([self._symbols] if self._symbols else [])))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
