"""Where Pinery's own scripts lie: ``library`` of the repository, ``pinery/library`` of an installed one."""

from __future__ import annotations

from pathlib import Path

from pinery.core.errors import UsageError

_PACKAGE = Path(__file__).resolve().parents[2]


def library_folder() -> Path:
    """The folder that holds ``strategies``. Raises UsageError where an installation lacks it."""
    for folder in (_PACKAGE / "library", _PACKAGE.parents[1] / "library"):
        if (folder / "strategies").is_dir():
            return folder
    raise UsageError("the scripts that come with Pinery are not there", hint="install Pinery again")


def library_script(name: str) -> Path:
    """``name`` as "strategies/es-ema-momentum.pine". Raises UsageError."""
    path = library_folder() / name
    if not path.is_file():
        raise UsageError(f"there is no script {name} in the library")
    return path
