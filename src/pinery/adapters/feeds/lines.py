"""New lines of files that another program writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pinery.core.errors import DataError

_BLOCK = 1 << 20


class Lines:
    """Whole lines of a file, or of all files that a pattern (``es-*.csv``) names, in the order of their names.

    A file that was renamed beside itself and made anew is read to its end first; one that was cut off is read from
    its beginning again. A line counts once its end is written. No file stays open.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_pattern = any(sign in path.name for sign in "*?[")
        self._at: Path | None = None  # the file that is being read
        self._inode = 0
        self._done = 0  # bytes
        self._partial = b""
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> Iterator[str | None]:
        """What is new; None where another file begins. Raises DataError where a file is there and cannot be read."""
        try:
            yield from self._read()
        except FileNotFoundError:
            return  # it went away between two looks: it may come again
        except OSError as error:
            raise DataError(f"{self._at or self._path} cannot be read: {error.strerror or error}") from None

    def _read(self) -> Iterator[str | None]:
        if self._at is None:
            name = self._after(None)
            if name is None or not name.is_file():
                return
            yield from self._begin(name)
        while self._at is not None:
            state = os.stat(self._at)
            known = state.st_ino, state.st_size, state.st_mtime_ns
            if known != self._seen:
                if state.st_ino != self._inode:
                    before = self._renamed(self._at)
                    if before is not None:
                        yield from self._rest(before)
                    yield from self._begin(self._at)
                elif state.st_size < self._done:
                    yield from self._begin(self._at)
                yield from self._rest(self._at)
                self._seen = known
            following = self._after(self._at)
            if following is None:
                return
            yield from self._rest(self._at)
            yield from self._begin(following)

    def _begin(self, name: Path) -> Iterator[None]:
        self._at, self._inode = name, os.stat(name).st_ino
        self._done, self._partial, self._seen = 0, b"", None
        yield None

    def _rest(self, name: Path) -> Iterator[str]:
        with name.open("rb") as file:
            file.seek(self._done)
            while block := file.read(_BLOCK):
                self._done += len(block)
                *whole, self._partial = (self._partial + block).split(b"\n")
                for line in whole:
                    text = line.decode("utf-8", "replace").strip("\r\ufeff \t")
                    if text:
                        yield text

    def _renamed(self, name: Path) -> Path | None:
        """Where the file that had the name is now, if it is still in the folder."""
        with os.scandir(name.parent) as entries:
            return next((Path(e.path) for e in entries if e.inode() == self._inode and e.is_file()), None)

    def _after(self, name: Path | None) -> Path | None:
        """The first file of the pattern, or the one after another; a plain path is the first and only one."""
        if not self._is_pattern:
            return self._path if name is None else None
        found = sorted(self._path.parent.glob(self._path.name))
        return next((each for each in found if name is None or each.name > name.name), None)
