"""Bars on their way into the store: each page is on disk as soon as it came, beside the file that it will be part of.

A process that is killed leaves them there; whoever opens the file next finds them. One process at a time.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

import numpy as np

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError

_COLUMNS = ("time", "open", "high", "low", "close", "volume")
_RECORD = np.dtype([("time", "<i8"), *((name, "<f8") for name in _COLUMNS[1:])])


class PartialBars:
    """As a context. ``path`` is the stored file's; the pages lie in a hidden file beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f".{path.name}.part")
        self._file = -1

    def __enter__(self) -> Self:
        """Raises DataError where another process is at it, or the folder cannot be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            while True:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_there():
                    return self
                os.close(self._file)  # who had it before took it away
        except BlockingIOError:
            os.close(self._file)
            raise DataError(
                f"another process is downloading into {self._path.parent}", "wait for it, or stop it: it can go on"
            ) from None
        except OSError as error:
            raise DataError(f"{self._path} cannot be written: {error.strerror or error}") from None

    def __exit__(self, *error: object) -> None:
        """Empty, it goes away."""
        try:
            if not os.fstat(self._file).st_size:
                self._path.unlink(missing_ok=True)
        finally:
            os.close(self._file)

    def _is_there(self) -> bool:
        try:
            return os.stat(self._path).st_ino == os.fstat(self._file).st_ino
        except FileNotFoundError:
            return False

    def add(self, bars: BarSeries) -> None:
        """Raises DataError where the disk does not take it."""
        records = np.empty(len(bars), _RECORD)
        for name in _COLUMNS:
            records[name] = getattr(bars, name)
        try:
            os.write(self._file, records.tobytes())
        except OSError as error:
            raise DataError(f"{self._path} cannot be written: {error.strerror or error}") from None

    def bars(self) -> BarSeries:
        """All pages, in order of time, each bar once. A record that was cut off is none."""
        size = os.fstat(self._file).st_size // _RECORD.itemsize * _RECORD.itemsize
        records = np.frombuffer(os.pread(self._file, size, 0), _RECORD)
        # Zeros are what a machine that lost power may leave.
        records = records[(records["time"] > 0) & (records["low"] > 0) & np.isfinite(records["close"])]
        _, order = np.unique(records["time"], return_index=True)
        return BarSeries(*(np.ascontiguousarray(records[name][order]) for name in _COLUMNS))

    def clear(self) -> None:
        """They are in the store."""
        os.ftruncate(self._file, 0)
