"""Nothing that a stranger sends ends in a 5xx."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from pinery.gateway.settings import WebhookSettings
from pinery.gateway.webhook import create_app
from pinery.trading.store import Store
from tests.gateway.webhook.running import HOOKS, TOKEN, running
from tests.stores import sqlite_store

RULES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_store(tmp_path) as opened:
        yield opened


def from_loopback(app: Any) -> Any:
    """In-process clients have no address."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": ("127.0.0.1", 1)}, receive, send)

    return wrapped


@pytest.mark.parametrize("token", [None, TOKEN], ids=["any token", "the right token"])
def test_the_api_is_as_it_describes_itself(store: Store, token: str | None) -> None:
    app = create_app(WebhookSettings(allow_loopback=True, bad_token_rate=1000), lambda: HOOKS, store)
    schema = schemathesis.openapi.from_dict(app.openapi())
    served = from_loopback(app)

    for operation in schema.get_all_operations():

        @RULES
        @given(case=operation.ok().as_strategy())
        def check(case: Any) -> None:
            if token is not None and case.path_parameters:
                case.path_parameters["token"] = token
            response = case.call(app=served)
            case.validate_response(
                response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
            )

        check()


def test_bytes_on_the_socket(store: Store) -> None:
    with running(store) as url:
        host, _, port = url.removeprefix("http://").partition(":")

        @RULES
        @given(
            st.binary(max_size=300),
            st.sampled_from(["", f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\n"]),
            st.sampled_from([b"", b"Content-Length: 4\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n4\r\n"]),
        )
        def check(junk: bytes, start: str, middle: bytes) -> None:
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                connection.sendall(start.encode() + middle + junk)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(4096)
            assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5"))

        check()
