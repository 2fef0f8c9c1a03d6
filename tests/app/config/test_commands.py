"""``pinery init`` and ``pinery config``."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from pinery.adapters.store.database import open_store
from pinery.adapters.store.people import verify
from pinery.app.config.charts import compile_chart
from pinery.app.config.reading import load_configuration
from pinery.app.config.schema import SCHEMA_ID, schema
from pinery.app.operate.init_command import start, starter
from pinery.app.settings import load_settings
from tests.app.config.conftest import ES, PAPER, TOKEN
from tests.crash.storm import free_port, taken

Command = Callable[..., object]


# --- init -----------------------------------------------------------------------------


def test_init_makes_a_folder_that_works(command: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "trading"
    ended = command("init", folder, "--json")
    assert ended.code == 0, ended.err
    made = json.loads(ended.out)
    configuration = load_configuration(folder, {})
    assert configuration.warnings == ()
    assert made["webhook_url"].startswith(f"{configuration.webhook.url}/hook/")
    assert made["control_url"] == configuration.control.url
    assert made["webhook_url"] in made["curl"] and made["curl"].startswith("curl ")
    demo = configuration.deployments["demo"]
    assert (demo.symbol, demo.account) == ("BINANCE:ETHUSDT.P", "paper")
    assert configuration.webhook.allow_loopback and "demo" in configuration.hooks
    assert stat.S_IMODE((folder / "pinery.secrets.toml").stat().st_mode) == 0o600
    assert {"pinery.secrets.toml", "tradovate-*.json", "pinery.db*"} <= set(
        (folder / ".gitignore").read_text().splitlines()
    )
    store = open_store(configuration.store_url, create=False)
    try:
        user = verify(store, made["user"], made["password"], now=1)
        assert user is not None and user.role == "admin"
    finally:
        store.close()
    token = made["webhook_url"].rpartition("/")[2]
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert token.encode() not in content and made["password"].encode() not in content, path


def test_init_says_what_to_do_next(command: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command("init")
    assert ended.code == 0 and "pinery up" in ended.out and "cd " not in ended.out
    url = re.search(r"http://127\.0\.0\.1:\d+/hook/[\w-]{43}", ended.out)
    assert url and f"curl -X POST {url[0]} " in ended.out
    assert "public_url under [webhook]" in ended.out
    assert "cd other && pinery up" in command("init", "other").out


def test_init_replaces_nothing_unless_told_to(command: Callable, tmp_path: Path) -> None:
    first = json.loads(command("init", tmp_path, "--json").out)
    before = (tmp_path / "pinery.toml").read_text()
    refused = command("init", tmp_path)
    assert refused.code == 5 and "is there already" in refused.err and "--force" in refused.err
    (tmp_path / "pinery.toml").write_text(before + "# mine\n")
    second = json.loads(command("init", tmp_path, "--force", "--json").out)
    assert (tmp_path / "pinery.toml.old").read_text().endswith("# mine\n")
    assert second["webhook_url"] != first["webhook_url"] and second["password"] == ""


def test_init_keeps_settings_of_scripts(command: Callable, tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text('libraries = ["lib"]\n[limits]\nmax_loop_seconds = 60\n')
    refused = command("init", tmp_path)
    assert refused.code == 5 and "settings for scripts" in refused.err and "--force keeps its settings" in refused.err
    assert command("init", tmp_path, "--force").code == 0
    assert load_settings(tmp_path).libraries == (tmp_path / "lib",)
    assert "demo" in load_configuration(tmp_path, {}).deployments


def test_init_finds_free_ports_and_says_so(command: Callable, tmp_path: Path) -> None:
    port = free_port()
    with taken(port):
        refused = command("init", tmp_path, "--port", str(port))
        assert refused.code == 5 and f"port {port} is taken" in refused.err
        assert not (tmp_path / "pinery.toml").exists()
    with ExitStack() as usual:
        with suppress(OSError):  # something else listens there: as good
            usual.enter_context(taken(8750))
        made = json.loads(command("init", tmp_path, "--json").out)
    assert ":8750/" not in made["webhook_url"]
    assert any("port 8750 is taken: the webhook is on port" in note for note in made["notes"])


def test_init_takes_a_port(command: Callable, tmp_path: Path) -> None:
    port = free_port()
    made = json.loads(command("init", tmp_path, "--port", str(port), "--json").out)
    assert f":{port}/hook/" in made["webhook_url"]


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_init_where_nothing_can_be_written(command: Callable, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    ended = command("init", tmp_path / folder)
    assert ended.code == 2 and "file" in ended.err and "choose another folder" in ended.err


def test_init_that_fails_leaves_no_configuration(command: Callable, tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    ended = command("init", tmp_path, "--store", url)
    assert ended.code == 6 and "Traceback" not in ended.err
    assert not (tmp_path / "pinery.toml").exists()
    assert command("init", tmp_path).code == 0


# --- config ---------------------------------------------------------------------------


def test_check_shows_risk_and_warnings(command: Callable, tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(f"{ES}bracket = {{ stop = '7 points', target = '5 points' }}\n")
    ended = command("config", "check", tmp_path)
    assert ended.code == 0
    assert "350.00 USD" in ended.out and "250.00 USD" in ended.out and "1:0.71 !" in ended.out
    assert "warning: pinery.toml line 6: [deployments.es] bracket: the target" in ended.out
    found = json.loads(command("config", "check", tmp_path, "--json").out)
    assert found["ok"] and len(found["warnings"]) == 2
    assert (found["risk"][0]["risk"], found["risk"][0]["ratio_text"]) == (350, "1:0.71")


def test_check_takes_percentages_of_the_last_price(command: Callable, tmp_path: Path) -> None:
    from pinery.trading.broker import Quote

    text = PAPER + '[deployments.eth]\naccount = "paper"\nsymbol = "BINANCE:ETHUSDT.P"\nbracket.stop = "1%"\n'
    (tmp_path / "pinery.toml").write_text(text)
    assert json.loads(command("config", "check", tmp_path, "--json").out)["risk"][0]["risk"] is None
    store = open_store(load_configuration(tmp_path, {}).store_url)
    store.write(lambda tx: tx.standings.put_quote(Quote("BINANCE:ETHUSDT.P", 4000, 1, "alert")))  # type: ignore[arg-type]
    store.close()
    assert json.loads(command("config", "check", tmp_path, "--json").out)["risk"][0]["risk"] == 40


def test_check_ends_with_2_on_errors(command: Callable, tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(f"{ES}sise = 1\nstage = 'x'\n")
    ended = command("config", "check", tmp_path)
    assert ended.code == 2 and "has 2 errors" in ended.err
    assert "pinery.toml line 6: [deployments.es] sise: there is no such setting; did you mean 'size'?" in ended.err
    ended = command("config", "check", tmp_path, "--json")
    found = json.loads(ended.out)
    assert ended.code == 2 and not found["ok"] and len(found["errors"]) == 2


def test_show_has_everything_but_secrets(command: Callable, tmp_path: Path) -> None:
    store = "[store]\nurl = 'postgresql://me@db/x'\npassword_secret = 'db'\n"
    (tmp_path / "pinery.toml").write_text(f"{ES}bracket.stop = '7 points'\n{store}")
    (tmp_path / "pinery.secrets.toml").write_text("[secrets]\ndb = 'hush'\n" + TOKEN)
    shown = command("config", "show", tmp_path)
    assert shown.code == 0 and "hush" not in shown.out and "ab" * 32 not in shown.out
    found = tomllib.loads(shown.out)
    assert found["deployments"]["es"]["bracket"]["stop"] == "7 points"
    assert found["windows"]["ES"] == ["06:30-12:30 UTC-8 Mon-Fri"]
    as_json = json.loads(command("config", "show", tmp_path, "--json").out)
    assert as_json["store_url"] == "postgresql+psycopg://me:***@db/x"
    assert as_json["secrets"] == ["db"] and as_json["webhook_tokens"] == {"es": 1}


def test_rotate_token_prints_the_address_once(command: Callable, tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(ES)
    url = command("config", "rotate-token", "es", "--folder", tmp_path).out.splitlines()[0]
    assert re.fullmatch(r"http://127\.0\.0\.1:8750/hook/[\w-]{43}", url)
    kept = json.loads(command("config", "rotate-token", "es", "--folder", tmp_path, "--keep-old", "--json").out)
    assert kept["webhook_url"] != url
    assert len(load_configuration(tmp_path, {}).hooks["es"].token_hashes) == 2
    wrong = command("config", "rotate-token", "ess", "--folder", tmp_path)
    assert wrong.code == 2 and "did you mean 'es'?" in wrong.err


def test_schema_is_printed_and_written(command: Callable, tmp_path: Path) -> None:
    printed = json.loads(command("config", "schema").out)
    assert printed == schema() and printed["$id"] == SCHEMA_ID == "urn:pinery:pinery.toml:1"
    assert command("config", "schema", "--out", tmp_path / "s.json").code == 0
    assert json.loads((tmp_path / "s.json").read_text()) == printed


# --- the schema and the starter -------------------------------------------------------


def everything_of_the_starter() -> str:
    """The starter with its suggestions taken."""
    lines = starter(8750, 8751, "sqlite:///pinery.db").splitlines()
    setting = re.compile(r"# (\[[\w.]+\]|\w+ = )")
    return "\n".join(line[2:] if setting.match(line) else line for line in lines)


@pytest.mark.parametrize("text", [starter(8750, 8751, "sqlite:///pinery.db"), everything_of_the_starter()])
def test_schema_and_models_accept_the_starter(text: str, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    validator = jsonschema.validator_for(schema())
    assert [error.message for error in validator.iter_errors(tomllib.loads(text))] == []
    (tmp_path / "pinery.toml").write_text(text)
    load_configuration(tmp_path, {f"PINERY_SECRET_{name}": "x" for name in ("MAIL", "BINANCE_KEY", "BINANCE_SECRET")})
    assert text.startswith("#:schema ./pinery.schema.json")


def test_schema_refuses_what_the_models_refuse() -> None:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    validator = jsonschema.validator_for(schema())
    assert validator.is_valid({"symbols": "more.toml"})
    assert validator.is_valid({"symbols": {"file": "more.toml", "ES": {"margin": 5}}})
    for wrong in ({"webhok": {}}, {"symbols": {"ES": {"margn": 5}}}, {"accounts": {"a": {"broker": "papr"}}}):
        assert not validator.is_valid(wrong)


def test_the_chart_of_the_starter_works_when_it_is_uncommented(tmp_path: Path, command: Callable) -> None:
    """As somebody does it: only the lines of that part."""
    folder = tmp_path / "trading"
    start(folder)
    path = folder / "pinery.toml"
    before, title, rest = path.read_text().partition("# --- a script that runs here")
    part, end, after = rest.partition("# --- notifications")
    taken = "\n".join(re.sub(r"^# (?=\[|\w+ = )", "", line) for line in part.splitlines())
    path.write_text(f"{before}{title}{taken}\n{end}{after}")
    checked = command("config", "check", folder)
    assert checked.code == 0, checked.out + checked.err
    configuration = load_configuration(folder)
    assert compile_chart(configuration, configuration.charts["trend"]).program.kind == "strategy"


def test_suggestions_of_the_starter_are_many() -> None:
    found = tomllib.loads(everything_of_the_starter())
    assert set(found["deployments"]["demo"]) >= {"bracket", "limits", "direction", "words"}
    assert {"es", "demo", "trend"} == set(found["deployments"]) and {"console", "mail"} == set(found["notify"])
