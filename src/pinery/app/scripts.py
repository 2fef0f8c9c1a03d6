"""Reading script files."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from pinery.core.errors import UsageError
from pinery.lang.source import Source

MAX_BYTES = 2_000_000  # the longest public scripts are a tenth of this


def read_script(path: Path) -> Source:
    """The script in a file; ``-`` reads standard input. Raises ``UsageError`` saying what is wrong with it."""
    if str(path) == "-":
        return Source(decode(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"), "<stdin>")
    return Source(decode(read_bytes(path), str(path)), str(path))


def read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder, not a script", hint=f"name the files, for example {path}/*.pine")
        if not path.is_file() and path.exists():
            raise UsageError(f"{path} is not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", hint=_similar(path)) from None
    except PermissionError:
        raise UsageError(f"{path} may not be read", hint="check the file's permissions") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name} is longer than {MAX_BYTES // 1_000_000} MB, which no Pine script is")
    if not data.strip():
        raise UsageError(f"{name} is empty", hint="a script begins with //@version=6 and indicator(...)")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(f"{name} is UTF-16 text", hint="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name} is not UTF-8 text (line {line})", hint="save it as UTF-8") from None
    if "\0" in text:
        raise UsageError(f"{name} is a binary file, not a script")
    return text


def _similar(path: Path) -> str | None:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix == ".pine"]
    except OSError:
        return None
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / near[0]}?" if near else None
