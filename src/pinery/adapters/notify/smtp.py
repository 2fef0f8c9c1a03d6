"""E-mail by any SMTP server: STARTTLS, TLS from the start, or neither.

What the server says of the message (4xx later, 5xx never) decides whether it is tried again. What goes wrong before,
connecting and logging in, says nothing of the message: that is tried again also after a 5xx.
"""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import socket
import ssl
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr

import structlog

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.notify.options import Options
from pinery.adapters.notify.texts import Texts
from pinery.trading.channels import ChannelFailed
from pinery.trading.events import Event, Severity

PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: str  # "starttls", "tls" (from the start), "none"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 15.0  # seconds, of every step
    ca_file: str = ""  # certificates to trust besides the system's own


class Smtp:
    def __init__(self, name: str, server: Server, sender: str, to: tuple[str, ...], prefix: str, texts: Texts) -> None:
        self._name = name
        self._server = server
        self._sender = sender
        self._to = to
        self._prefix = prefix
        self._texts = texts
        # Threads of its own: a server that hangs must not hold up those that the store needs.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=f"smtp-{name}")

    @classmethod
    def from_options(cls, name: str, options: Options, texts: Texts) -> Smtp:
        """Options: host, port, security, username, password, sender, recipients, timeout, ca_file, subject_prefix."""
        security = options.choice("security", "starttls", tuple(PORTS))
        server = Server(
            host=options.text("host"),
            port=int(options.number("port", PORTS[security], 1, 65535)),
            security=security,
            user=options.text("username", ""),
            password=options.text("password", ""),
            timeout=options.number("timeout", 15.0, 1, 120),
            ca_file=options.text("ca_file", ""),
        )
        if bool(server.user) != bool(server.password):
            raise options.error("username and password belong together: one of them is missing")
        if server.password and security == "none" and not is_this_machine(server.host):
            hint = 'use security = "starttls" or "tls"'
            raise options.error("the password would cross the network unencrypted", hint=hint)
        sender, to = options.text("sender"), options.texts("recipients")
        for address in (sender, *to):
            if not _is_address(address):
                raise options.error(f"{address!r} is no e-mail address", hint='as in "Pinery <pinery@example.org>"')
        return cls(name, server, sender, to, options.text("subject_prefix", "[Pinery] "), texts)

    async def send(self, event: Event, delivery_id: int) -> None:
        message = self._message(event, delivery_id)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._send, message)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _message(self, event: Event, delivery_id: int) -> EmailMessage:
        text = self._texts.render(event)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = self._prefix + text.subject
        message["From"] = _header(self._sender)
        message["To"] = ", ".join(map(_header, self._to))
        message["Date"] = format_datetime(datetime.fromtimestamp(event.at / 1000, UTC))
        message["Message-ID"] = self._message_id(event, delivery_id)
        message["Auto-Submitted"] = "auto-generated"
        if event.severity is Severity.CRITICAL:
            message["Importance"] = "high"
        message.set_content(text.long)
        message.add_alternative(text.html, subtype="html")
        return message

    def _message_id(self, event: Event, delivery_id: int) -> str:
        """The same for repetitions, and another for what another installation numbers alike."""
        about = f"{self._name}\0{event.kind}\0{event.at}\0{event.signal_id}\0{event.text}"
        digest = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return f"<{delivery_id}.{event.at}.{digest}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"

    def _send(self, message: EmailMessage) -> None:
        where = f"{self._server.host}:{self._server.port}"
        try:
            client = self._connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise ChannelFailed(self._safe(f"e-mail to {where}: {_reason(error)}")) from None
        try:
            refused = client.send_message(message, parseaddr(self._sender)[1], [parseaddr(a)[1] for a in self._to])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            permanent = all(500 <= code < 600 for code in codes)
            raise ChannelFailed(self._safe(f"e-mail by {where}: {_reason(error)}"), permanent=permanent) from None
        except smtplib.SMTPResponseException as error:
            permanent = 500 <= error.smtp_code < 600
            raise ChannelFailed(self._safe(f"e-mail by {where}: {_reason(error)}"), permanent=permanent) from None
        except (smtplib.SMTPNotSupportedError, UnicodeError) as error:  # an address that this server cannot carry
            raise ChannelFailed(self._safe(f"e-mail by {where}: {_reason(error)}"), permanent=True) from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelFailed(self._safe(f"e-mail by {where}: {_reason(error)}")) from None
        finally:
            _leave(client)
        if refused:
            reasons = ", ".join(f"{address}: {code}" for address, (code, _) in refused.items())
            structlog.get_logger().warning("e-mail refused for some", channel=self._name, refused=self._safe(reasons))

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        if server.ca_file:
            context.load_verify_locations(server.ca_file)
        name = socket.gethostname() or "localhost"
        client: smtplib.SMTP
        if server.security == "tls":
            client = smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout, context=context)
        else:
            client = smtplib.SMTP(server.host, server.port, name, timeout=server.timeout)
        try:
            if server.security == "starttls":
                client.starttls(context=context)
            if server.user:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    def _safe(self, text: str) -> str:
        """Servers may repeat what they were sent."""
        if not self._server.password:
            return text
        user, password = self._server.user, self._server.password
        plain = f"\0{user}\0{password}"
        for secret in (password, *(b64encode(part.encode()).decode() for part in (password, plain))):
            text = text.replace(secret, "***")
        return text


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{who}: {code} {_words(words)}" for who, (code, words) in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _words(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]


def _leave(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def _header(address: str) -> str:
    return formataddr(parseaddr(address))


def _is_address(text: str) -> bool:
    name, _, domain = parseaddr(text)[1].rpartition("@")
    return bool(name and domain) and text.isprintable()
