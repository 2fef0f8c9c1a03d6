"""The webhook does not arrive: from the port of this machine outwards to TradingView."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from urllib.parse import SplitResult, urlsplit

from pinery.app.doctor import network
from pinery.app.doctor.checking import Check, Finding, ok, problem, skipped, warning
from pinery.app.doctor.measuring import quantile, seconds
from pinery.app.doctor.patient import DAY_MS, NotThere, Patient, duration, moment
from pinery.gateway.settings import HOOK_PATH, TRADINGVIEW_ADDRESSES, WebhookSettings
from pinery.trading.figures import Histogram

_SLOW_ACK = 1.0  # seconds; after 3 TradingView gives up
_LOST_ACK = 3.0
_LITTLE, _TOO_LITTLE = 1024**3, 100 * 1024**2  # bytes of disk
_SOON_MS = 14 * DAY_MS
_CLOCK_MS, _LATE_MS = 2_000, 30_000


def port(patient: Patient) -> Iterator[Finding]:
    local = _local(patient.configuration.webhook)
    do = "start it: pinery up; if it runs, look at [webhook] host and port in pinery.toml"
    for path, good in (("/healthz", "answers"), ("/readyz", "can store alerts")):
        answer = network.ask(local + path)
        if answer.status == 200:
            yield ok(f"{local}{path}: the gateway {good}")
        elif answer.status == 503:
            mend = "look at disk and store below; alerts are refused with 503 until then"
            yield problem(f"{local}{path}: it cannot store alerts", mend, patient.signal_by_hand())
        elif answer.status is not None:
            found = f"{local}{path} answers {answer.status}: another program listens there"
            yield problem(found, "end it, or set another webhook.port in pinery.toml", patient.signal_by_hand())
            return
        else:
            yield problem(f"{local}: {answer.error}", do, patient.signal_by_hand())
            return


def hook(patient: Patient) -> Iterator[Finding]:
    """Alerts with a token that nobody has must be refused: then the path is the right one, and the door is shut."""
    url = f"{_local(patient.configuration.webhook)}{HOOK_PATH}{secrets.token_urlsafe(8)}"
    answer = network.ask(url, post=True)
    shown = f"a wrong token at {HOOK_PATH}… is answered with {answer.status}"
    if answer.status == 404:
        yield ok(shown)
    elif answer.status == 403:
        yield ok(f"{shown}: this machine is not among the senders (allow_loopback = true lets it try alerts with curl)")
    elif answer.status == 429:
        yield warning(
            f"{shown}: too many wrong tokens", "the alert may have an old address: pinery config rotate-token"
        )
    elif answer.status is None:
        raise NotThere(f"not looked at: {answer.error}")
    else:
        yield problem(shown, "another program listens there, or a proxy changes the path")


def address(patient: Patient) -> Iterator[Finding]:
    settings = patient.configuration.webhook
    if not settings.public_url:
        do = 'set public_url = "https://…" under [webhook]: a proxy with a certificate, or a tunnel, that leads here'
        yield warning(f"public_url is not set: TradingView cannot reach {settings.url}", do, patient.signal_by_hand())
        return
    url = urlsplit(settings.public_url)
    reached = _port(url)
    if url.scheme != "https":
        yield warning(f"{settings.public_url} is not https: the token can be read on the way", "put TLS in front")
    if reached not in (80, 443):
        found = f"{settings.public_url} is port {reached}: TradingView sends to 80 and 443 only"
        yield problem(found, "let the proxy listen on 443", patient.signal_by_hand())
    if _literal(url.hostname or "") == 6:
        found = f"{settings.public_url} is an IPv6 address, to which TradingView does not send"
        yield problem(found, "use a name or an IPv4 address", patient.signal_by_hand())
    if url.scheme == "https" and reached == 443:
        yield ok(f"{settings.public_url}: https on port 443")


def name(patient: Patient) -> Iterator[Finding]:
    host = _public(patient).hostname or ""
    if _literal(host):
        raise NotThere(f"not looked at: {host} is an address, not a name")
    found = network.resolve(host)
    if found.error:
        yield problem(f"{host}: {found.error}", "mend its DNS entry (type A)", patient.signal_by_hand())
    elif not found.v4:
        do = "add a DNS entry of type A: TradingView does not send to IPv6"
        yield problem(f"{host} has no IPv4 address, only {', '.join(found.v6)}", do, patient.signal_by_hand())
    elif all(not ip_address(each).is_global for each in found.v4):
        do = "its DNS entry must name the public address; if only this machine sees it so, all is well"
        yield warning(f"{host} is {', '.join(found.v4)} here, which TradingView cannot reach", do)
    else:
        yield ok(f"{host} is {', '.join(found.v4)}")


def reachable(patient: Patient) -> Iterator[Finding]:
    url = _public(patient)
    shown = f"{url.geturl().rstrip('/')}/healthz"
    answer = network.ask(shown)
    if answer.status == 200:
        yield ok(f"{shown} answers")
    elif answer.status is None:
        do = "look at firewall, router and proxy; some networks cannot reach themselves from inside: try from outside"
        yield warning(f"{shown}: {answer.error}", do, patient.signal_by_hand())
    else:
        do = f"the proxy must pass {HOOK_PATH} and /healthz on to {_local(patient.configuration.webhook)}"
        yield problem(f"{shown} answers {answer.status}", do, patient.signal_by_hand())


def certificate(patient: Patient) -> Iterator[Finding]:
    url = _public(patient)
    if url.scheme != "https":
        raise NotThere("not looked at: the public address is not https")
    found = network.certificate(url.hostname or "", _port(url))
    if found.expires is None:
        yield warning(f"{url.hostname}: {found.error or 'no certificate'}", "renew it, or look at the proxy")
    elif found.expires - patient.now < _SOON_MS:
        left = f"ends {moment(found.expires)}"
        make = problem if found.expires <= patient.now else warning
        yield make(f"{url.hostname}: the certificate {left}", "renew it (certbot renew, or restart the proxy)")
    else:
        yield ok(f"{url.hostname}: the certificate is valid until {moment(found.expires)}")


def senders(patient: Patient) -> Iterator[Finding]:
    from pinery.gateway.webhook.addresses import Networks, parse

    settings = patient.configuration.webhook
    allowed = Networks(settings.allowed_addresses)
    missing = [text for text in TRADINGVIEW_ADDRESSES if (each := parse(text)) is None or each not in allowed]
    if missing:
        found = f"alerts from {', '.join(missing)} are refused, from where TradingView sends"
        yield problem(found, "add them to webhook.allowed_addresses, or leave that out", patient.signal_by_hand())
    else:
        yield ok("TradingView's four addresses may send")


def proxy(patient: Patient) -> Iterator[Finding]:
    settings = patient.configuration.webhook
    behind = bool(settings.public_url) and _port(urlsplit(settings.public_url)) != settings.port
    if not behind:
        yield ok("no proxy in front, as far as known")
    elif settings.trusted_proxies:
        yield ok(f"X-Forwarded-For of {', '.join(settings.trusted_proxies)} is believed")
    elif settings.allow_loopback:
        found = "a proxy seems to be in front, but trusted_proxies is empty: everybody counts as the proxy's address"
        yield warning(found, 'set trusted_proxies = ["127.0.0.1"] (the proxy) under [webhook]')
    else:
        found = "a proxy seems to be in front, but trusted_proxies is empty: every alert is refused with 403"
        do = 'set trusted_proxies = ["127.0.0.1"] (the proxy) under [webhook], and let it send X-Forwarded-For'
        yield problem(found, do + "; the gateway's log shows refused senders", patient.signal_by_hand())


def clock(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.health import travel_times

    times = patient.read(lambda tx: travel_times(tx, patient.now - 7 * DAY_MS, 50))
    if not times:
        yield skipped("no alert of the last week says when it was sent ({{timenow}} in the message does)")
        return
    typical = int(median(times))
    if typical < -_CLOCK_MS:
        found = f"alerts seem to arrive {duration(-typical)} before they are sent: this machine's clock is slow"
        yield problem(found, "set the clock by the network: timedatectl set-ntp true")
    elif typical > _LATE_MS:
        found = (
            f"alerts arrive {duration(typical)} after they were sent: this machine's clock is fast, or they are late"
        )
        yield warning(found, "timedatectl set-ntp true; and look at max_signal_age, after which entries are refused")
    else:
        yield ok(f"alerts arrive {typical} ms after they were sent, by the clocks of both sides")


def acknowledged(patient: Patient) -> Iterator[Finding]:
    all_of: Histogram | None = None
    for (measured, _), histogram in patient.figures.measured.items():
        if measured == "receipt_to_ack":
            all_of = histogram if all_of is None else _sum(all_of, histogram)
    slowest = quantile(all_of, 0.99) if all_of is not None else None
    if slowest is None:
        yield skipped("no alert has been acknowledged yet")
        return
    found = f"99% of alerts are acknowledged within {seconds(slowest)}"
    do = "look at the disk (it is synchronised for each alert) and at what else the machine does"
    if slowest > _LOST_ACK:
        yield problem(found + "; after 3 s TradingView gives up", do, patient.signal_by_hand())
    elif slowest > _SLOW_ACK:
        yield warning(found + "; after 3 s TradingView gives up", do)
    else:
        yield ok(found)


def disk(patient: Patient) -> Iterator[Finding]:
    configuration = patient.configuration
    folders = {configuration.folder}
    if configuration.store_url.startswith("sqlite:///"):
        folders.add(Path(configuration.store_url.removeprefix("sqlite:///")).parent)
    free = min(shutil.disk_usage(folder).free for folder in folders if folder.exists())
    found = f"{free / 1024**3:.1f} GiB of disk are free"
    if free < _TOO_LITTLE:
        yield problem(found, "free some: without space no alert can be stored", patient.signal_by_hand())
    elif free < _LITTLE:
        yield warning(found, "free some, or lower [retention] in pinery.toml")
    else:
        yield ok(found)


def writable(patient: Patient) -> Iterator[Finding]:
    patient.store.write(lambda tx: None)  # a failure is told in the store's own words
    yield ok("the store can be written")


def tokens(patient: Patient) -> Iterator[Finding]:
    hooks = patient.configuration.hooks
    for deployment in patient.deployments:
        known = len(hooks[deployment].token_hashes) if deployment in hooks else 0
        do = f"pinery config rotate-token {deployment} prints a new address; paste it into the alert"
        if not known and deployment in patient.configuration.charts:
            yield ok(f"{deployment} gets its alerts from its chart, and needs no webhook address")
        elif not known:
            yield problem(
                f"{deployment} has no webhook token: no alert can reach it", do, patient.signal_by_hand(deployment)
            )
        elif known > 1:
            yield warning(f"{deployment} has {known} webhook addresses", do + "; without --keep-old the others end")
        else:
            yield ok(f"{deployment} has a webhook address; lost it? {do}")


def _local(settings: WebhookSettings) -> str:
    """How this machine reaches the gateway."""
    return WebhookSettings(host=settings.host, port=settings.port).url


def _public(patient: Patient) -> SplitResult:
    if not patient.configuration.webhook.public_url:
        raise NotThere("not looked at: public_url is not set")
    return urlsplit(patient.configuration.webhook.public_url)


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _literal(host: str) -> int:
    """4 or 6 if ``host`` is an address of that kind; 0: it is a name."""
    try:
        return ip_address(host).version
    except ValueError:
        return 0


def _sum(one: Histogram, other: Histogram) -> Histogram:
    counts = [a + b for a, b in zip(one.counts, other.counts, strict=True)]
    return Histogram(one.bounds, counts, one.total + other.total)


CHECKS = (
    Check("port", "whether the gateway listens and can store", port),
    Check("hook path", "that a wrong token is refused", hook),
    Check("public address", "https, port 80 or 443, no IPv6: TradingView's rules", address),
    Check("name", "the public address's DNS entry", name, network=True),
    Check("from outside", "whether the public address leads here", reachable, network=True),
    Check("certificate", "until when the public address's certificate is valid", certificate, network=True),
    Check("senders", "whether TradingView's addresses are allowed", senders),
    Check("proxy", "whether the senders' addresses come through", proxy),
    Check("clock", "this machine's clock against the alerts' times", clock),
    Check("acknowledgement", "how fast alerts are answered; TradingView waits 3 s", acknowledged),
    Check("disk", "free space", disk),
    Check("store writable", "whether alerts can be stored", writable),
    Check("webhook tokens", "whether each deployment has an address", tokens),
)
