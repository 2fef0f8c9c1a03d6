"""Finding imported libraries: ``import name/lib/1`` is ``name/lib/1.pine`` in one of the library folders.

Where no folder has it, it may be one of Pinery's own (``Pinery/signals/1``), or Pinery's own implementation of a
well-known library stands in, whatever the version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pinery.app.library import library_folder
from pinery.app.scripts import decode, read_script
from pinery.core.errors import UsageError
from pinery.lang.source import Source

FOLDER = "libraries"  # beside the script
BUNDLED = "bundled_libraries"  # in this package, as user/library.pine
PINERY = "Pinery"  # the user name of the library's own libraries
STAND_INS = frozenset({("TradingView", "ta")})


@dataclass(frozen=True, slots=True)
class LibraryFolders:
    """Library folders in the order in which they are searched."""

    folders: tuple[Path, ...]

    @classmethod
    def beside(cls, script: Path | None, more: Sequence[Path] = ()) -> LibraryFolders:
        """``more`` (options, then settings) and the ``libraries`` folder beside the script."""
        for folder in more:
            if not folder.is_dir():
                raise UsageError(f"there is no library folder {folder}", hint="give --libraries an existing folder")
        own = (script.parent / FOLDER,) if script is not None else ()
        return cls((*more, *own))

    def find(self, user: str, library: str, version: int) -> Source | None:
        """The library's source, or None."""
        for folder in self.folders:
            path = folder / user / library / f"{version}.pine"
            if path.is_file():
                return read_script(path)
        return _of_pinery(user, library, version) or _stand_in(user, library)

    def describe(self, name: str) -> str:
        """Where the missing library ``user/library/version`` may be put, for the message."""
        places = " or ".join(f"{folder / name}.pine" for folder in self.folders)
        return f"put its source at {places}" if places else "give a folder with --libraries"


def _of_pinery(user: str, library: str, version: int) -> Source | None:
    if user != PINERY:
        return None
    path = library_folder() / FOLDER / user / library / f"{version}.pine"
    return read_script(path) if path.is_file() else None


def _stand_in(user: str, library: str) -> Source | None:
    if (user, library) not in STAND_INS:
        return None
    file = resources.files(__package__) / BUNDLED / user / f"{library}.pine"
    name = f"{user}/{library}.pine of Pinery"
    return Source(decode(file.read_bytes(), name), name, stand_in=True)
