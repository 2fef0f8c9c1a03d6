"""Lines are JSON with what is asked of them, libraries' lines too, and no secret gets into one."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pinery.app import logs
from pinery.app.redaction import MASK, Redactor, is_secret_name, redactor


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging belongs to the process: puts everything back."""
    root, hooks, shown = logging.getLogger(), (sys.excepthook, threading.excepthook), warnings.showwarning
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    warnings.showwarning = shown
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    redactor.__init__()  # type: ignore[misc]


def written(level: str = "info", form: logs.Form = "json", component: str = "worker") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, form, component=component, stream=stream)
    return stream


def only_line(stream: io.StringIO) -> dict[str, Any]:
    [text] = stream.getvalue().splitlines()
    line = json.loads(text)
    assert isinstance(line, dict)
    return line


def test_a_line_says_when_who_what_and_about_which_signal() -> None:
    stream = written()
    with logs.about(signal_id="s1", deployment="demo", account="paper"):
        structlog.get_logger().info("order sent", quantity=2)
    line = only_line(stream)
    assert line["time"].endswith("Z") and len(line["time"]) == len("2026-11-23T06:22:50.123Z")
    assert list(line)[:4] == ["time", "level", "component", "event"]
    del line["time"]
    assert line == {
        "level": "info",
        "component": "worker",
        "event": "order sent",
        "quantity": 2,
        "signal_id": "s1",
        "deployment": "demo",
        "account": "paper",
    }


def test_a_line_outside_the_context_has_no_signal() -> None:
    stream = written()
    with logs.about(signal_id="s1", account=""):
        pass
    structlog.get_logger().info("x")
    assert "signal_id" not in only_line(stream)


def test_lines_below_the_level_are_left_out() -> None:
    stream = written("warning")
    structlog.get_logger().info("small")
    logging.getLogger("uvicorn.error").info("small")
    structlog.get_logger().warning("large")
    assert only_line(stream)["event"] == "large"


def test_lines_of_libraries_look_the_same() -> None:
    logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler(io.StringIO()))
    stream = written()
    with logs.about(deployment="demo"):
        logging.getLogger("uvicorn.access").info("%s - %s", "10.0.0.1", "POST /hook/abcdef HTTP/1.1")
    line = only_line(stream)
    assert line["event"] == f"10.0.0.1 - POST /hook/{MASK} HTTP/1.1"
    assert (line["level"], line["component"], line["logger"], line["deployment"]) == (
        "info",
        "worker",
        "uvicorn.access",
        "demo",
    )


def test_statements_with_their_values_are_never_logged() -> None:
    stream = written("debug")
    logging.getLogger("sqlalchemy.engine.Engine").info("INSERT … ('value')")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("library", ["httpx", "websockets.client", "ccxt.base.exchange", "aiohttp.client"])
def test_requests_and_frames_are_never_logged(library: str) -> None:
    """Signed addresses, the key in a stream's address, tokens in frames."""
    stream = written("debug")
    logging.getLogger(library).info("> GET /ws/a-listen-key HTTP/1.1")
    logging.getLogger(library).debug("> TEXT 'authorize a-token'")
    assert stream.getvalue() == ""


def test_an_error_comes_with_its_traceback_in_one_line() -> None:
    stream = written()
    try:
        raise ValueError("no such symbol")
    except ValueError:
        structlog.get_logger().exception("plan failed")
    line = only_line(stream)
    assert line["level"] == "error"
    assert "Traceback" in line["exception"] and line["exception"].endswith("ValueError: no such symbol")


def test_errors_that_nobody_caught_and_warnings_are_lines_too() -> None:
    stream = written()
    sys.excepthook(ValueError, ValueError("password=hunter22"), None)
    thread = threading.Thread(target=lambda: 1 / 0, name="writer")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    first, second, third = map(json.loads, stream.getvalue().splitlines())
    assert first["event"] == "uncaught error" and "hunter22" not in json.dumps(first)
    assert second["thread"] == "writer" and "ZeroDivisionError" in second["exception"]
    assert third["level"] == "warning" and "old" in third["event"]


def test_the_console_form_is_for_eyes_and_keeps_escape_sequences_from_the_terminal() -> None:
    stream = written(form="console")
    structlog.get_logger().warning("refused\x1b[2J", body="\x1b]0;title\x07", note="zwölf\nlines")
    text = stream.getvalue()
    assert "\x1b" not in text and "\x07" not in text
    assert "warning" in text and "refused" in text and "zwölf" in text


def test_auto_is_json_where_nobody_looks() -> None:
    stream = written(form="auto")
    structlog.get_logger().info("x")
    assert only_line(stream)["event"] == "x"


def test_a_setting_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="'loud' is no log level: use one of debug, info"):
        logs.configure("loud")
    with pytest.raises(ValueError, match="use json, console or auto"):
        logs.configure("info", "xml")  # type: ignore[arg-type]


def test_a_stream_that_is_full_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    logs.configure("info", "json", stream=Full())
    structlog.get_logger().info("x", password="hunter22")
    assert capsys.readouterr().err == ""


def test_setting_up_twice_prints_each_line_once() -> None:
    written()
    stream = written()
    structlog.get_logger().info("x")
    assert only_line(stream)["event"] == "x"


# --- secrets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "POST /hook/SECRETSECRET HTTP/1.1",
        "http://127.0.0.1:8750/hook/SECRETSECRET?x=1",
        "url=%2Fhook%2FSECRETSECRET",
        "postgresql+psycopg://pinery:SECRETSECRET@db.example:5432/pinery",
        "(OperationalError) connection to 'postgresql://u:SEC/RET:SECRET@h/x' failed",
        "Authorization: Bearer SECRETSECRET",
        "authorization=Basic SECRETSECRET",
        "headers: {'authorization': 'Bearer SECRETSECRET', 'accept': '*/*'}",
        "[(b'authorization', b'Bearer SECRETSECRET')]",
        "sent Bearer SECRETSECRET",
        "Cookie: a=1; session=SECRETSECRET; b=2",
        "set-cookie: session=SECRETSECRET; HttpOnly",
        "password=SECRETSECRET",
        "SMTP_PASSWORD=SECRETSECRET",
        '{"user": "x", "password": "SECRET\\"SECRET"}',
        "{'api_key': 'SECRETSECRET'}",
        'body "{\\"token\\": \\"SECRETSECRET\\"}"',
        "webhook_secret: SECRETSECRET",
        "apiKey=SECRETSECRET&symbol=X",
        "Settings(host='h', password='SECRETSECRET')",
        "--pass=SECRETSECRET",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    masked = Redactor().text(text)
    assert "SECRET" not in masked.replace("webhook_secret", "")
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "order sent",
        "passed 3 of 4 checks: ok",
        "https://example.org:8443/path",
        "GET /healthz HTTP/1.1",
        "signal s1 of demo: ES 5123.25 at 2026-11-23T06:22:50Z",
        "basic rules",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_names_of_secrets() -> None:
    for name in (
        "password",
        "smtp_password",
        "Set-Cookie",
        "X-Api-Key",
        "apiKey",
        "webhook_token",
        "tokens",
        "SMTP_PASS",
    ):
        assert is_secret_name(name), name
    for name in ("signal_id", "key", "compass", "passed", "deployment", "author"):
        assert not is_secret_name(name), name


SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).filter(
    lambda text: text.strip() == text and "*" not in text
)


@settings(max_examples=150, deadline=None)
@given(SECRETS, st.sampled_from(["text", "key", "nested", "bytes", "error", "object", "cause", "foreign", "context"]))
@example('quo"te\\back\\slash', "nested")
@example("per%cent ü/slash?&=", "object")
def test_a_registered_secret_is_in_no_line(secret: str, where: str) -> None:
    around = ["time level component event exception worker Traceback ValueError RuntimeError happened logger values"]
    assume(not any(secret in text for text in around))
    stream = written()
    redactor.__init__()  # type: ignore[misc]  # one that remembers the secrets of all examples takes ever longer
    logs.hide(secret)
    log = structlog.get_logger()
    if where == "text":
        log.info(f"a{secret}b")
    elif where == "key":
        log.info("x", values={f"<{secret}>": 1})
    elif where == "nested":
        log.info("x", values=[{"a": ({"b": f"…{secret}…"}, json.dumps({"c": secret}))}])
    elif where == "bytes":
        log.info("x", values=[secret.encode(), repr(secret.encode())])
    elif where == "object":
        log.info("x", values=type("Thing", (), {"__repr__": lambda self: f"Thing({secret!r})"})())
    elif where == "foreign":
        logging.getLogger("uvicorn.error").warning("it is %s", secret)
    elif where == "context":
        with logs.about(note=secret):
            log.info("x")
    else:
        try:
            try:
                raise ValueError(secret)
            except ValueError as error:
                raise RuntimeError(repr(secret) if where == "error" else "happened") from error
        except RuntimeError:
            log.exception("x")
    text = stream.getvalue()
    line = only_line(stream)
    assert secret not in text
    assert not any(secret in value for value in texts(line))


QUOTES = "\"'"
NAMES = st.sampled_from(["password", "Authorization", "cookie", "db_password", "X-API-Key", "client_secret", "token"])


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=8, max_size=40),
    NAMES,
    st.sampled_from(["field", "nested", "header", "json", "repr", "env"]),
)
@example('quo"te\\back\\slash', "cookie", "json")
@example("quo\"te'back\\slash", "token", "repr")
def test_what_is_under_a_secret_name_is_in_no_line(secret: str, name: str, where: str) -> None:
    pieces = {secret[start : start + 6] for start in range(len(secret) - 5)}
    harmless = "time level component event worker values headers *** " + name.lower()
    assume(not any(piece in harmless or "*" in piece for piece in pieces))
    stream = written()
    log = structlog.get_logger()
    if where == "field":
        log.info("x", **{name: secret})
    elif where == "nested":
        log.info("x", values=({"deep": {name: [secret]}},))
    elif where == "header":
        log.info("x", headers=[(name.lower().encode(), secret.encode())])
    elif where == "json":
        log.info(f"got {json.dumps({name: secret}, ensure_ascii=False)}")
    elif where == "repr":
        log.info(f"got { {name: secret, 'b': 1} }")
    else:
        log.info(f"{name}={secret.strip(QUOTES)}")
    assert not any(piece in value for value in texts(only_line(stream)) for piece in pieces)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=30))
def test_the_password_of_a_database_is_in_no_line(password: str) -> None:
    from urllib.parse import quote

    written_as = quote(password, safe="")
    assume(written_as not in "postgresql+psycopg://pinery:@127.0.0.1:5432/pinery failed" and "*" not in password)
    stream = written()
    structlog.get_logger().error("failed", values=[f"postgresql+psycopg://pinery:{written_as}@127.0.0.1:5432/pinery"])
    line = only_line(stream)
    assert line["values"] == [f"postgresql+psycopg://pinery:{MASK}@127.0.0.1:5432/pinery"]


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_is_logged_is_one_line_of_json(value: object) -> None:
    stream = written()
    structlog.get_logger().info("x", values=value)
    line = only_line(stream)
    assert "values" in line


def test_what_strangers_send_takes_no_time_to_mask() -> None:
    attacks = ["a" * 200_000, "://:" * 50_000, 'authorization="' * 15_000, "password='" * 20_000, "pass-" * 40_000]
    begun = time.process_time()
    for text in attacks:
        Redactor().text(text)
    assert time.process_time() - begun < 5  # quadratic ones would take minutes


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
