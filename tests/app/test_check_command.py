from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


def test_good_script(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("plot(close)"))
    assert ended.code == 0
    assert "no errors" in ended.out


def test_errors_are_all_shown_with_their_lines(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("plot(clsoe)\nx = ta.emma(close, 3)\nplot(x)"))
    assert ended.code == 1
    assert "script.pine:3:6" in ended.out and "script.pine:4:5" in ended.out
    assert "close" in ended.out and "ta.ema" in ended.out  # did you mean
    assert "plot(clsoe)" in ended.out and "^^^^^" in ended.out


def test_json(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("plot(clsoe)"), "--json")
    assert ended.code == 1
    (finding,) = json.loads(ended.out)
    assert (finding["severity"], finding["line"], finding["column"]) == ("error", 3, 6)
    assert finding["code"].startswith("E")


def test_json_of_a_good_script_is_an_empty_list(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("plot(close)"), "--json")
    assert ended.code == 0
    assert json.loads(ended.out) == []


def test_several_files_are_all_checked(pinery: Callable, script: Callable) -> None:
    good, bad = script("plot(close)", "good.pine"), script("plot(clsoe)", "bad.pine")
    ended = pinery("check", good, bad)
    assert ended.code == 1
    assert "2 scripts" in ended.out and "bad.pine:3:6" in ended.out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \n\n", "is empty"),
        (b"//@version=6\nindicator('\xff\xfe')\n", "not UTF-8"),
        ("//@version=6\n".encode("utf-16"), "UTF-16"),
        (b"plot(close)\0\0", "binary"),
        (b"// " + b"x" * 2_000_001, "longer than 2 MB"),
    ],
)
def test_unreadable_content(pinery: Callable, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "odd.pine"
    path.write_bytes(content)
    ended = pinery("check", path)
    assert ended.code == 2
    assert says in ended.err and "Traceback" not in ended.err


def test_folder_and_missing_file(pinery: Callable, script: Callable, tmp_path: Path) -> None:
    script("plot(close)", "trend.pine")
    assert "is a folder" in pinery("check", tmp_path).err
    missing = pinery("check", tmp_path / "trnd.pine")
    assert missing.code == 2
    assert "did you mean" in missing.err and "trend.pine" in missing.err


def test_byte_order_mark_and_crlf_are_fine(pinery: Callable, tmp_path: Path) -> None:
    path = tmp_path / "windows.pine"
    path.write_bytes(b'\xef\xbb\xbf//@version=6\r\nindicator("T")\r\nplot(close)\r\n')
    assert pinery("check", path).code == 0


LIBRARY = "//@version=6\nlibrary('tools')\nexport twice(float x) =>\n    x * 2\n"


@pytest.mark.parametrize("place", ["beside", "option", "settings"])
def test_libraries_are_found(pinery: Callable, script: Callable, tmp_path: Path, place: str) -> None:
    folder = tmp_path / ("libraries" if place == "beside" else "elsewhere")
    (folder / "ann" / "tools").mkdir(parents=True)
    (folder / "ann" / "tools" / "1.pine").write_text(LIBRARY, encoding="utf-8")
    if place == "settings":
        (tmp_path / "pinery.toml").write_text('libraries = ["elsewhere"]\n', encoding="utf-8")
    path = script("import ann/tools/1\nplot(tools.twice(close))")
    more = ["--libraries", folder] if place == "option" else []
    ended = pinery("check", path, *more)
    assert ended.code == 0, ended.out


def test_missing_library_says_where_to_put_it(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("import ann/tools/1 as t\nplot(t.twice(close))"))
    assert ended.code == 1
    assert "ann/tools/1" in ended.out and "libraries/ann/tools/1.pine" in ended.out


def test_library_folder_that_is_not_there(pinery: Callable, script: Callable) -> None:
    ended = pinery("check", script("plot(close)"), "--libraries", "nowhere")
    assert ended.code == 2
    assert "no library folder nowhere" in ended.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("libraries = 3", "list of folders"),
        ("colour = 'red'", "unknown setting 'colour'"),
        ("= broken", "cannot be read"),
        ("limits = 3", "limits must be a table"),
        ("[limits]\nmax_lops = 3", "no limit 'max_lops'"),
        ("[limits]\nmax_lines = 0", "max_lines is 0"),
        ("[limits]\nmax_lines = 2.5", "max_lines is 2.5"),
    ],
)
def test_settings_that_are_wrong(pinery: Callable, script: Callable, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "pinery.toml").write_text(text, encoding="utf-8")
    ended = pinery("check", script("plot(close)"))
    assert ended.code == 2
    assert says in ended.err
