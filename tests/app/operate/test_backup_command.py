from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from pinery.adapters.store.database import open_store
from pinery.app.failures import report
from pinery.app.operate import backup_command
from pinery.core.errors import PineryError
from tests.app.conftest import Ended
from tests.stores import postgres_url

CONFIG = """
[accounts.paper]
broker = "paper"

[deployments.demo]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
"""


@pytest.fixture
def pinery(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    app = typer.Typer()
    backup_command.register(app)

    def call(*arguments: str | Path) -> Ended:
        code = 0
        try:
            app([str(argument) for argument in arguments], standalone_mode=False)
        except PineryError as error:
            code = report(error, debug=False)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def folder(home: Path) -> Path:
    """An installation with a message in its store."""
    from tests.adapters.store.samples import message

    folder = home / "trading"
    folder.mkdir()
    (folder / "pinery.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "pinery.secrets.toml").write_text('[secrets]\nmail = "hunter2"\n', encoding="utf-8")
    (folder / "pinery.secrets.toml").chmod(0o600)
    store = open_store(_url(folder))
    store.write(lambda tx: tx.inbox.add([message()]))
    store.close()
    return folder


def _url(folder: Path) -> str:
    from pinery.app.config.reading import load_configuration

    return load_configuration(folder).store_url


def _messages(url: str) -> int:
    store = open_store(url, create=False)
    try:
        return len(store.read(lambda tx: tx.inbox.pending(["demo"], 10, 10**12)))
    finally:
        store.close()


def _saved(pinery: Callable[..., Ended], folder: Path, *more: str) -> Path:
    ended = pinery("backup", "--folder", folder, "--to", folder.parent / "saved", "--json", *more)
    assert ended.code == 0, ended.err
    return Path(json.loads(ended.out)["file"])


def test_what_was_saved_is_restored_with_the_configuration(pinery: Callable[..., Ended], folder: Path) -> None:
    file = _saved(pinery, folder)
    assert pinery("backup", "--verify", file).out.startswith(f"{file} is good")
    empty = folder.parent / "other machine"
    ended = pinery("restore", file, "--folder", empty)
    assert ended.code == 0, ended.err
    assert "put back pinery.toml" in ended.out
    assert not (empty / "pinery.secrets.toml").exists()
    assert _messages(_url(empty)) == 1


def test_scripts_are_saved_and_put_back_and_changed_ones_are_left_alone(
    pinery: Callable[..., Ended], folder: Path
) -> None:
    own = {
        "scripts/trend.pine": "//@version=6\nindicator('mine')\n",
        "strategies/waves.pine": "//@version=6\nstrategy('waves')\n",  # of a deployment's chart
        "shared/ada/tools/1.pine": "//@version=6\nlibrary('tools')\n",
    }
    for name, text in own.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder.parent / "elsewhere.pine").write_text("//@version=6\nindicator('elsewhere')\n", encoding="utf-8")
    feed = '[feeds.market]\nkind = "replay"\nbars = { "BINANCE:ETHUSDT.P" = "synthetic" }\n'
    charts = "".join(
        f'[deployments.{name}]\naccount = "paper"\nsymbol = "BINANCE:ETHUSDT.P"\ntimeframe = "5"\n'
        f'[deployments.{name}.chart]\nscript = "{script}"\nfeed = "market"\n'
        for name, script in (("waves", "strategies/waves.pine"), ("away", "../elsewhere.pine"))
    )
    (folder / "pinery.toml").write_text(f'libraries = ["shared"]\n{CONFIG}{feed}{charts}', encoding="utf-8")
    file = _saved(pinery, folder)
    other = folder.parent / "other machine"
    (other / "scripts").mkdir(parents=True)
    (other / "scripts" / "trend.pine").write_text("// newer\n", encoding="utf-8")
    ended = pinery("restore", file, "--folder", other)
    assert ended.code == 0, ended.err
    said = " ".join(ended.out.split())
    assert "put back pinery.toml, shared/ada/tools/1.pine, strategies/waves.pine" in said
    assert "left as they are here, other than in the backup: scripts/trend.pine" in said
    assert (other / "scripts" / "trend.pine").read_text(encoding="utf-8") == "// newer\n"
    for name in list(own)[1:]:
        assert (other / name).read_text(encoding="utf-8") == own[name]


def test_a_backup_writes_nothing_outside_the_folder(tmp_path: Path) -> None:
    for name in ("../evil.pine", "/tmp/evil.pine", "scripts/../../evil.pine", ".."):
        with pytest.raises(PineryError, match="outside"):
            backup_command._put_back({"scripts/good.pine": b"", name: b"x"}, tmp_path / "in")
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_saved_only_when_told(pinery: Callable[..., Ended], folder: Path) -> None:
    file = _saved(pinery, folder, "--include-secrets")
    empty = folder.parent / "other machine"
    assert pinery("restore", file, "--folder", empty).code == 0
    secrets = empty / "pinery.secrets.toml"
    assert "hunter2" in secrets.read_text()
    assert secrets.stat().st_mode & 0o077 == 0


def test_a_store_with_content_is_not_replaced_unasked(pinery: Callable[..., Ended], folder: Path) -> None:
    file = _saved(pinery, folder)
    refused = pinery("restore", file, "--folder", folder)
    assert refused.code == 5
    assert "--force" in refused.err
    assert pinery("restore", file, "--folder", folder, "--force").code == 2  # nobody can be asked
    assert pinery("restore", file, "--folder", folder, "--force", "--yes").code == 0
    assert _messages(_url(folder)) == 1


def test_restores_to_another_database(pinery: Callable[..., Ended], folder: Path) -> None:
    file = _saved(pinery, folder)
    with postgres_url() as url:
        ended = pinery("restore", file, "--to", url.replace("root@", "root:hunter2@"))
        assert ended.code == 0, ended.err
        assert "hunter2" not in ended.out + ended.err
        assert _messages(url) == 1


def test_errors_say_what_to_do(pinery: Callable[..., Ended], folder: Path) -> None:
    text = folder / "pinery.toml"
    assert pinery("restore", text, "--folder", folder).code == 3
    assert "damaged, or no backup" in pinery("backup", "--verify", text).err
    assert pinery("restore", folder / "absent", "--folder", folder).code == 3
    assert pinery("backup", "--folder", folder / "nowhere").code == 2
    blocked = pinery("backup", "--folder", folder, "--to", text)
    assert blocked.code == 6
    assert "cannot be written" in blocked.err
