"""Checks scripts for the control port: ``python -m pinery.app.studio.check_worker SECONDS BYTES``.

An empty line once it has started; then a line of JSON in, a line of JSON out, until the input ends. A script that takes
longer or more memory ends the process and nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pinery.app.libraries import LibraryFolders
from pinery.app.studio.describing import describe
from pinery.app.studio.limits import hold_memory, hold_time, stand_back
from pinery.core.errors import PineryError
from pinery.lang.source import Source


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """``request``: text, name, folder, libraries, inputs."""
    folders = [Path(folder) for folder in request["libraries"]]
    try:
        libraries = LibraryFolders.beside(Path(request["folder"]) / request["name"], folders)
        return describe(Source(request["text"], request["name"]), libraries, request["inputs"])
    except PineryError as error:
        return {"error": error.message, "hint": error.hint}
    except MemoryError:
        return {"error": "the script takes too much memory to be checked", "hint": None}


def main() -> None:
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    stand_back()
    hold_memory(memory)
    lines, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may come between answers
    answers.write(b"\n")
    answers.flush()
    while line := lines.readline():
        hold_time(seconds)
        text = json.dumps(answer(json.loads(line)), allow_nan=False)
        hold_time(0)
        answers.write(text.encode("utf-8", "replace") + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
