"""E-mail against a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pinery.adapters.notify.channels import build
from pinery.trading.channels import ChannelFailed
from pinery.trading.events import Event
from tests.crash.storm import free_port

PASSWORD = "correct horse battery"
EVENT = Event(
    "order.rejected",
    1795414970123,
    "demo: buy 1 ESZ2026 at market (entry): rejected: zu wenig Geld",
    "demo",
    "paper",
    "s1",
    {"symbol": "CME_MINI:ESZ2026", "side": "buy", "quantity": "1", "role": "entry"},
)


class Mailbox:
    """A handler that keeps what it gets; ``answers`` maps a command to what is said instead of yes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.users: list[str] = []

    async def handle_MAIL(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        answer = self.answers.get(f"RCPT {address}") or self.answers.get("RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        if data.password.decode() == PASSWORD:
            return AuthResult(success=True)
        # Some servers repeat what they were sent.
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 no: {data.password.decode()}")


@contextmanager
def server(box: Mailbox, port: int | None = None, **options: Any) -> Iterator[int]:
    controller = Controller(box, hostname="127.0.0.1", port=port or free_port(), ready_timeout=60, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        [
            *command.split(),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            str(folder / "key"),
            "-out",
            str(folder / "certificate"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "certificate"


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key"))
    return context


def send(port: int, delivery_id: int = 7, event: Event = EVENT, **options: Any) -> None:
    given = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Pinery <pinery@example.org>"}
    given |= {"recipients": ["me@example.org"], "timeout": 60} | options

    async def once() -> None:
        channel = build("mail", "smtp", given)
        try:
            await channel.send(event, delivery_id)
        finally:
            await channel.close()

    asyncio.run(once())


def test_a_mail_has_subject_text_and_html() -> None:
    box = Mailbox()
    with server(box) as port:
        send(port, recipients=["Ich <me@example.org>", "you@example.org"])
    [mail] = box.mails
    assert mail["Subject"].strip() == "[Pinery] CRITICAL: Order rejected: REJECTED: buy 1 ESZ2026 (entry) (demo)"
    assert mail["To"] == "Ich <me@example.org>, you@example.org"
    assert mail["Date"] == "Mon, 23 Nov 2026 06:22:50 +0000"
    assert mail["Importance"] == "high"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and "zu wenig Geld" in text.get_content()
    assert html is not None and "<table" in html.get_content()


def test_a_repetition_is_the_same_message_and_another_delivery_is_not() -> None:
    box = Mailbox()
    with server(box) as port:
        for number in (7, 7, 8):
            send(port, number)
    first, again, other = (mail["Message-ID"] for mail in box.mails)
    assert first == again != other


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_logs_in_over_tls(certificate: Path, security: str) -> None:
    box = Mailbox()
    options: dict[str, Any] = {"authenticator": box.authenticate, "auth_required": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": tls(certificate), "require_starttls": True}
    else:
        options |= {"ssl_context": tls(certificate), "auth_require_tls": False}
    with server(box, **options) as port:
        given = {"security": security, "ca_file": str(certificate), "username": "me", "password": PASSWORD}
        send(port, **given)
        assert box.users == ["me"] and len(box.mails) == 1
        with pytest.raises(ChannelFailed, match="535") as error:
            send(port, **given | {"password": "wrong password"})
    assert not error.value.permanent  # the message is not at fault
    assert "wrong password" not in str(error.value) and error.value.__cause__ is None


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(certificate: Path) -> None:
    box = Mailbox()
    options: dict[str, Any] = {"tls_context": tls(certificate), "authenticator": box.authenticate}
    with server(box, **options) as port, pytest.raises(ChannelFailed, match="certificate") as error:
        send(port, security="starttls", username="me", password=PASSWORD)
    assert not error.value.permanent and box.users == [] and box.mails == []


def test_a_server_without_starttls_gets_nothing() -> None:
    box = Mailbox()
    with server(box) as port, pytest.raises(ChannelFailed, match="STARTTLS") as error:
        send(port, security="starttls", username="me", password=PASSWORD)
    assert not error.value.permanent and box.mails == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "permanent"), [("451 4.3.0 try later", False), ("550 5.1.1 never", True)])
def test_the_servers_answer_decides_whether_to_try_again(command: str, answer: str, permanent: bool) -> None:
    box = Mailbox()
    box.answers[command] = answer
    with server(box) as port, pytest.raises(ChannelFailed, match=answer) as error:
        send(port)
    assert error.value.permanent is permanent


def test_one_address_refused_does_not_keep_it_from_the_others() -> None:
    box = Mailbox()
    box.answers["RCPT gone@example.org"] = "550 5.1.1 no such user"
    with server(box) as port:
        send(port, recipients=["gone@example.org", "me@example.org"])
    assert len(box.mails) == 1


def test_a_server_that_is_down_may_be_tried_again() -> None:
    box, port = Mailbox(), free_port()
    with pytest.raises(ChannelFailed, match=r"e-mail to 127\.0\.0\.1:\d+: .*refused") as error:
        send(port)
    assert not error.value.permanent
    with server(box, port):
        send(port)
    assert len(box.mails) == 1


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ChannelFailed, match="timed out") as error:
            send(silent.getsockname()[1], timeout=1)
    assert not error.value.permanent


def test_text_that_no_charset_can_carry_is_sent_anyway() -> None:
    box = Mailbox()
    with server(box) as port:
        send(port, event=Event("signal.unparsed", 0, "half \ud800 a pair", data={"reason": "\ud800\r\nBcc: x@y"}))
    assert len(box.mails) == 1 and box.mails[0]["Bcc"] is None
