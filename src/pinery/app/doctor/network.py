"""Looks at the network that always end, and never raise: what could not be had is said in words."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from dataclasses import dataclass, field

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")

TIMEOUT = 3.0  # seconds; TradingView gives up after that, too


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is None where there was no answer; then ``error`` says why."""

    status: int | None
    error: str = ""


def ask(url: str, *, post: bool = False) -> Answer:
    """A request without redirects or proxies."""
    import httpx

    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            answer = client.post(url, content=b"{}") if post else client.get(url)
    except httpx.TimeoutException:
        return Answer(None, f"no answer within {TIMEOUT:g} s")
    except httpx.ConnectError as error:
        return Answer(None, f"no connection: {_ERRNO.sub('', str(error)) or 'refused'}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Answer(None, str(error) or type(error).__name__)
    return Answer(answer.status_code)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Addresses of a name. ``error`` where there are none."""

    v4: tuple[str, ...] = ()
    v6: tuple[str, ...] = ()
    error: str = ""


@dataclass(slots=True)
class _Question:
    answer: Resolved = field(default_factory=lambda: Resolved(error=f"no name server answered within {TIMEOUT:g} s"))


def resolve(name: str) -> Resolved:
    # The system's resolver cannot be told to stop: it is left behind.
    question = _Question()

    def work() -> None:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            question.answer = Resolved(error=getattr(error, "strerror", None) or str(error))
            return
        of = {
            family: tuple(dict.fromkeys(str(entry[4][0]) for entry in found if entry[0] == family))
            for family in (socket.AF_INET, socket.AF_INET6)
        }
        question.answer = Resolved(of[socket.AF_INET], of[socket.AF_INET6])

    thread = threading.Thread(target=work, name="resolve", daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    return question.answer


@dataclass(frozen=True, slots=True)
class Certificate:
    """``expires`` in Unix ms; None where it could not be had or is not valid, and ``error`` says why."""

    expires: int | None
    error: str = ""


def certificate(host: str, port: int) -> Certificate:
    try:
        with (
            socket.create_connection((host, port), TIMEOUT) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            held = secure.getpeercert()
    except ssl.SSLCertVerificationError as error:
        return Certificate(None, f"the certificate is not valid: {error.verify_message}")
    except OSError as error:
        return Certificate(None, f"no connection: {error.strerror or error}")
    ends = held.get("notAfter") if held else None
    return Certificate(int(ssl.cert_time_to_seconds(str(ends))) * 1000 if ends else None)
