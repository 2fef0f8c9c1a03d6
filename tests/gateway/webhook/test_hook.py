"""What a sender meets: the real server, on both databases."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from pinery.core.errors import UsageError
from pinery.gateway.settings import Hook, WebhookSettings
from pinery.gateway.webhook import create_app, serve
from pinery.gateway.webhook.tokens import new_token, token_hash
from pinery.trading.errors import StoreError
from pinery.trading.messages import body_bytes
from pinery.trading.store import Store, Tx
from tests.gateway.webhook.running import HOOKS, OPEN, TOKEN, running, stored
from tests.stores import KINDS, sqlite_store, store_of

T = TypeVar("T")
ALERT = '{"action":"buy","symbol":"ETHUSDT.P","qty":1}'


@pytest.fixture(params=KINDS)
def either_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with store_of(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_store(tmp_path) as opened:
        yield opened


class Failing:
    """A store in front of another one that can be broken."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.broken = False

    def write(self, work: Callable[[Tx], T]) -> T:
        if self.broken:
            raise StoreError("the disk is full")
        return self.store.write(work)

    def read(self, work: Callable[[Tx], T]) -> T:
        return self.store.read(work)

    def changed(self, seen: object) -> object:
        return self.store.changed(seen)


class Stalled(Failing):
    """One whose disk stands still until ``over`` is set."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.over = threading.Event()

    def write(self, work: Callable[[Tx], T]) -> T:
        assert self.over.wait(60)
        return super().write(work)


def post(url: str, content: Any = ALERT, token: str = TOKEN, **rest: Any) -> httpx.Response:
    return httpx.post(f"{url}/hook/{token}", content=content, timeout=60, trust_env=False, verify=False, **rest)


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=60, trust_env=False, verify=False)


def test_an_alert_is_stored_as_it_came(either_store: Store) -> None:
    before = time.time_ns() // 1000
    with running(either_store) as url:
        answer = post(url, headers={"Content-Type": "application/json"})
    (message,) = stored(either_store)
    assert answer.status_code == 200
    assert answer.json() == {"id": message.id, "status": "stored"}
    assert (message.deployment, message.body, message.remote) == ("demo", ALERT, "127.0.0.1")
    assert message.content_type == "application/json"
    assert before <= message.received_us <= time.time_ns() // 1000


def test_the_senders_own_key_is_kept_beside_the_body(either_store: Store) -> None:
    with running(either_store) as url:
        assert post(url, headers={"Idempotency-Key": "fill-17/é".encode("latin-1")}).status_code == 400
        assert post(url, headers={"Idempotency-Key": "x" * 256}).status_code == 400
        assert post(url, headers={"Idempotency-Key": "fill\t17"}).status_code == 400
        assert stored(either_store) == []
        for key in ("fill-17", "x" * 255, ""):
            assert post(url, headers={"Idempotency-Key": key}).status_code == 200
    assert [message.key for message in stored(either_store)] == ["fill-17", "x" * 255, ""]


def test_a_hundred_at_once_are_all_stored_once(either_store: Store) -> None:
    with (
        running(either_store) as url,
        httpx.Client(timeout=60, trust_env=False, verify=False) as client,
        ThreadPoolExecutor(25) as pool,
    ):
        answers = list(pool.map(lambda n: client.post(f"{url}/hook/{TOKEN}", content=f"IN {n}"), range(100)))
    assert {answer.status_code for answer in answers} == {200}
    messages = stored(either_store)
    assert sorted(message.body for message in messages) == sorted(f"IN {n}" for n in range(100))
    assert {message.id for message in messages} == {answer.json()["id"] for answer in answers}
    times = [message.received_us for message in sorted(messages, key=lambda message: message.id)]
    assert times == sorted(set(times))


def test_any_bytes_are_kept(store: Store) -> None:
    bodies = [b"\xff\xfe\x00raw", b"IN\x00", "prix: 5 €".encode(), b"\xef\xbb\xbf{}"]
    with running(store) as url:
        for body in bodies:
            assert post(url, body).status_code == 200
    assert [body_bytes(message.body) for message in stored(store)] == bodies


def test_what_is_refused(store: Store) -> None:
    with running(store, WebhookSettings(allow_loopback=True, max_body=1000)) as url:
        assert post(url, b"").status_code == 400
        assert post(url, b" \n").status_code == 400
        assert post(url, b"x" * 1001).status_code == 413
        assert post(url, iter([b"x" * 600, b"x" * 600])).status_code == 413  # no Content-Length
        assert post(url, b"x" * 1000).status_code == 200
        assert post(url, token=new_token()).status_code == 404
        assert post(url, token="").status_code == 404
        assert post(url, token="%00%ff/../x").status_code == 404
        assert post(url, token=TOKEN[:-1]).status_code == 404
        got = get(f"{url}/hook/{TOKEN}")
        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        assert get(f"{url}/docs").status_code == 404
        assert get(f"{url}/openapi.json").status_code == 404
        assert post(url, token=TOKEN + "/").status_code == 200  # a redirect would lose the alert
    assert len(stored(store)) == 2


def test_tokens_are_exchanged_without_a_restart(store: Store) -> None:
    hooks = dict(HOOKS)
    current = [hooks]
    second = new_token()
    with running(store, hooks=lambda: current[0]) as url:
        assert post(url, token=second).status_code == 404
        current[0] = {"demo": Hook("demo", (token_hash(TOKEN), token_hash(second)))}
        assert post(url, token=second).status_code == 200
        assert post(url).status_code == 200
        current[0] = {}
        assert post(url).status_code == 404


@pytest.mark.parametrize(
    ("settings", "forwarded", "status"),
    [
        (WebhookSettings(), None, 403),  # loopback must be allowed
        (WebhookSettings(allowed_addresses=("127.0.0.0/8",)), None, 200),
        (WebhookSettings(allowed_addresses=("10.1.2.3",)), "10.1.2.3", 403),  # nobody vouches for the header
        (WebhookSettings(allowed_addresses=("10.1.2.3",), trusted_proxies=("127.0.0.1",)), "10.1.2.3", 200),
        (WebhookSettings(allowed_addresses=("10.1.2.3",), trusted_proxies=("127.0.0.1",)), "10.1.2.3, 6.6.6.6", 403),
        (
            WebhookSettings(allowed_addresses=("10.1.2.3",), trusted_proxies=("127.0.0.1", "192.168.0.0/16")),
            "6.6.6.6, 10.1.2.3, 192.168.7.7",
            200,
        ),
        (WebhookSettings(trusted_proxies=("127.0.0.1",)), "nonsense", 403),
        (WebhookSettings(allowed_addresses=("10.1.2.3",), trusted_proxies=("127.0.0.1",)), "::ffff:10.1.2.3", 200),
        (WebhookSettings(allow_loopback=True, trusted_proxies=("127.0.0.1",)), "6.6.6.6", 403),
    ],
)
def test_who_may_send(store: Store, settings: WebhookSettings, forwarded: str | None, status: int) -> None:
    with running(store, settings) as url:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        assert post(url, headers=headers).status_code == status
    assert len(stored(store)) == (status == 200)


def test_an_address_that_is_none_is_a_clear_error(store: Store) -> None:
    with pytest.raises(UsageError, match=r"10\.0\.0\.300"):
        create_app(WebhookSettings(allowed_addresses=("10.0.0.300",)), lambda: HOOKS, store)


def test_storms_are_slowed_per_deployment(store: Store) -> None:
    other = new_token()
    hooks = {**HOOKS, "other": Hook("other", (token_hash(other),))}
    with running(store, WebhookSettings(allow_loopback=True, rate=0.001, burst=3), hooks=lambda: hooks) as url:
        codes = [post(url).status_code for _ in range(5)]
        refused = post(url)
        assert codes == [200, 200, 200, 429, 429]
        assert int(refused.headers["retry-after"]) >= 1
        assert post(url, token=other).status_code == 200


def test_guessing_is_slowed_and_right_tokens_still_work(store: Store) -> None:
    with running(store, WebhookSettings(allow_loopback=True, bad_token_rate=0.001)) as url:
        codes = [post(url, token=new_token()).status_code for _ in range(4)]
        assert codes == [404, 429, 429, 429]
        assert post(url).status_code == 200


def test_nothing_is_acknowledged_that_is_not_on_disk(either_store: Store) -> None:
    failing = Failing(either_store)
    with running(failing) as url, ThreadPoolExecutor(10) as pool:
        assert post(url, "1").status_code == 200
        assert get(f"{url}/readyz").status_code == 200
        failing.broken = True
        down = list(pool.map(lambda n: post(url, f"lost {n}"), range(20)))
        assert {answer.status_code for answer in down} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in down)
        assert get(f"{url}/readyz").status_code == 503
        assert get(f"{url}/healthz").status_code == 200
        failing.broken = False
        assert post(url, "2").status_code == 200
        assert get(f"{url}/readyz").json() == {"status": "ready"}
    assert [message.body for message in stored(either_store)] == ["1", "2"]


def test_readiness_without_traffic_tries_a_write(store: Store) -> None:
    with running(store) as url:
        assert get(f"{url}/readyz").status_code == 200
    failing = Failing(store)
    failing.broken = True
    with running(failing) as url:
        assert get(f"{url}/readyz").status_code == 503


def test_who_asks_for_readiness_while_a_write_is_tried_waits_for_it(store: Store) -> None:
    stalled = Stalled(store)
    with running(stalled) as url, ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(get, f"{url}/readyz") for _ in range(5)]
        time.sleep(0.5)
        stalled.over.set()
        assert [answer.result().status_code for answer in answers] == [200] * 5


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def answer(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"}"):
        part = connection.recv(1000)
        assert part, f"the server has closed the connection after {received!r}"
        received += part
    return received


def test_a_sender_that_leaves_early_is_forgotten_and_one_that_leaves_late_is_stored(
    store: Store, log: io.StringIO
) -> None:
    head = f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n".encode()
    with running(store) as url:
        with connect(url) as early:
            early.sendall(head + b"IN")
        with connect(url) as late:
            late.sendall(head + b"OUT late")
        deadline = time.monotonic() + 60
        while not stored(store) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [message.body for message in stored(store)] == ["OUT late"]
    assert "error'" not in log.getvalue() and "warning'" not in log.getvalue()


def test_slow_senders_do_not_hold_connections(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", 1.0)
    monkeypatch.setattr("pinery.gateway.webhook.hook.BODY_TIMEOUT", 0.2)
    with running(store) as url:
        with connect(url) as silent, connect(url) as half:
            with suppress(ConnectionError):  # what a machine that stands still sends too late is reset
                half.sendall(f"POST /hook/{TOKEN} HTTP/1.1\r\nHost".encode())
                assert half.recv(100) == b""
            assert silent.recv(100) == b""
        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", 60.0)
        with connect(url) as slow:
            slow.sendall(f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nIN".encode())
            assert slow.recv(1000).startswith(b"HTTP/1.1 408")
        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", 3.0)
        with connect(url) as again, connect(url):
            request = f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nIN".encode()
            for pause in (0, 3.2):  # the same connection, after a pause that is longer than a head may take
                time.sleep(pause)
                again.sendall(request)
                assert answer(again).startswith(b"HTTP/1.1 200")


def test_what_cannot_be_stored_in_time_is_to_be_sent_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinery.gateway.webhook.hook.ANSWER_WITHIN", 0.2)
    stalled = Stalled(store)
    with running(stalled) as url:
        late = post(url)
        stalled.over.set()
    assert (late.status_code, late.headers["retry-after"]) == (503, "5")
    assert [message.body for message in stored(store)] == [ALERT]  # as it may be after all


def test_no_token_is_in_any_line_of_the_log(store: Store, log: io.StringIO) -> None:
    wrong = new_token()
    failing = Failing(store)
    with running(failing, WebhookSettings(allow_loopback=True, max_body=1000)) as url:
        post(url)
        post(url, token=wrong)
        post(url, b"x" * 2000)
        post(url, b"")
        get(f"{url}/hook/{TOKEN}")
        get(f"{url}/elsewhere/{TOKEN}")
        with connect(url) as broken:
            broken.sendall(f"POST /hook/{TOKEN} HTTP/1.1\r\nContent-Length: nonsense\r\n\r\n".encode())
            broken.recv(1000)
        failing.broken = True
        post(url)
    written = log.getvalue()
    assert TOKEN not in written and wrong not in written
    assert "'deployment': 'demo'" in written and "'event': 'alert stored'" in written
    assert "'event': 'alert not stored'" in written


def test_time_to_acknowledge_is_measured(store: Store) -> None:
    seen: list[tuple[str, float, str]] = []
    with running(store, observe=lambda *measured: seen.append(measured)) as url:
        before = time.perf_counter()
        post(url)
        post(url, token=new_token())
    took = time.perf_counter() - before  # the sender may have its answer before the server has looked at the clock
    ((name, seconds, label),) = seen
    assert (name, label) == ("receipt_to_ack", "demo") and 0 < seconds < took


def test_a_port_in_use_is_a_clear_error(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app = create_app(OPEN, lambda: HOOKS, store)
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}: another program listens there"):
            asyncio.run(serve(app, "127.0.0.1", port, asyncio.Event()))


def test_requests_in_progress_are_answered_at_the_end(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        with running(store) as url:
            waiting = [pool.submit(post, url, f"IN {n}") for n in range(40)]
            waiting[0].result()
        answered = 0
        for future in waiting:
            try:
                answered += future.result().status_code == 200
            except httpx.TransportError:
                continue  # came after the end: nothing was promised
    assert answered <= len(stored(store))
