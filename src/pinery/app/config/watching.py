"""Reload without a restart: a running process asks every second whether the files have changed."""

from __future__ import annotations

import threading
from pathlib import Path

from pinery.app.config.configuration import Configuration
from pinery.app.config.left_behind import in_force, leaves
from pinery.app.config.reading import load_configuration
from pinery.app.config.secrets import SECRETS_NAME
from pinery.app.settings import FILE_NAME
from pinery.trading.errors import ConfigError

_Stamp = tuple[tuple[int, int, int] | None, ...]


class Watcher:
    """``current`` is the last configuration that is valid and leaves no position behind.

    A process that starts anew while the file may not be taken over goes on with what was in force. Raises ConfigError
    if there is none to begin with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._symbols: Path | None = None
        self._stamp = self._look()
        self.current: Configuration
        self.current, why = in_force(folder)
        self._told = self.current.version
        self._wrong: ConfigError | None = None  # not told of yet
        self._waiting: Configuration | None = None  # until what it would leave behind is closed
        self._symbols = self.current.symbols
        if why is not None:
            self._stamp = ()  # the first look tells why
        elif self._symbols is not None:
            self._stamp = (*self._stamp, _stamp(self._symbols))

    def poll(self) -> Configuration | ConfigError | None:
        """The new configuration; or, once per change, why it is not valid, and ``current`` stays; or None."""
        with self._lock:
            self._take()
            wrong, self._wrong = self._wrong, None
            if wrong is not None:
                return wrong
            if self.current.version == self._told:
                return None
            self._told = self.current.version
            return self.current

    def fresh(self) -> Configuration:
        """As the file is at this moment, if it is valid; ``poll`` tells of it all the same. From any thread."""
        with self._lock:
            self._take()
            return self.current

    def _take(self) -> None:
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp, self._waiting = stamp, None
            try:
                found = load_configuration(self._folder)
            except ConfigError as error:
                self._wrong = error
                return
            self._wrong = None
            if found.symbols != self._symbols:
                self._symbols = found.symbols
                self._stamp = self._look()
            self._use(found)
        elif self._waiting is not None:
            self._use(self._waiting)

    def _use(self, found: Configuration) -> None:
        why = leaves(self.current, found)
        if why is None:
            self._waiting = self._wrong = None
            if found.version != self.current.version:
                self.current = found
        elif self._waiting is None:
            self._waiting, self._wrong = found, why

    def _look(self) -> _Stamp:
        paths = [self._folder / FILE_NAME, self._folder / SECRETS_NAME]
        return tuple(_stamp(path) for path in (*paths, *([self._symbols] if self._symbols else [])))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
