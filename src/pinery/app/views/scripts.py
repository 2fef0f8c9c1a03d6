"""Which file a script's id means."""

from __future__ import annotations

from pathlib import Path

from pinery.app.config.configuration import Configuration
from pinery.app.studio.scripts import ScriptFolder, bundled_library
from pinery.trading.errors import NotFound


def script_path(configuration: Configuration, name: str) -> Path:
    """By its id in /scripts, or as a file: ``strategies/trend.pine`` of the installation or of Pinery's own scripts.

    Raises NotFound.
    """
    library = bundled_library()
    if not name.endswith(".pine"):
        return ScriptFolder(lambda: configuration, library).path(name)
    for folder in (configuration.folder, configuration.folder / "scripts", *([library] if library else [])):
        found = (folder / name).resolve()
        if found.is_relative_to(folder.resolve()) and found.is_file():
            return found
    raise NotFound(f"there is no script {name!r}")
