"""No signals: is everything up and allowed to act, did alerts come, were they understood?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pinery.app.doctor.checking import Check, Finding, ok, problem, skipped, warning
from pinery.app.doctor.patient import DAY_MS, Patient, duration, moment
from pinery.trading.denials import DENIALS, Denial
from pinery.trading.deployments import Stage
from pinery.trading.store import MessageStatus, TradingState
from pinery.trading.windows import exchange_opens, next_open, tradable, windows_for

_SILENCE_MS = 3 * DAY_MS  # a weekend is no reason to worry
_ALERT_LIFE_MS = 55 * DAY_MS  # TradingView ends alerts after two months
_BURST, _BURST_MS = 15, 3 * 60_000  # more than so many in this time: TradingView stops the alert
_SLOW_MS = 5_000
_QUOTED = 3  # how many reasons are shown
_MANY = 500
_MOST = 20_000  # alerts of a week that are looked at


def configuration(patient: Patient) -> Iterator[Finding]:
    if patient.config_error is not None:
        error = patient.config_error
        yield problem(error.message, error.hint or "pinery config check shows every mistake", patient.close_by_hand())
        return
    found = patient.configuration
    if not patient.deployments:
        yield problem("no deployment is configured", "add one to pinery.toml: [deployments.NAME]")
        return
    yield ok(
        f"pinery.toml is right; deployments: {', '.join(found.deployments)}; accounts: {', '.join(found.accounts)}"
    )
    for text in found.warnings:
        yield warning(text, "pinery config check explains it")


def store(patient: Patient) -> Iterator[Finding]:
    _ = patient.configuration
    patient.open()
    if patient.store_error is not None:
        error = patient.store_error
        yield problem(error.message, error.hint or "pinery up makes it at its first start", patient.close_by_hand())
        return
    yield ok(f"{patient.store.url} can be read")


def processes(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.status import ALIVE_MS

    last: dict[str, int] = {}
    for entry in patient.figures.uptimes:
        last[entry.component] = max(entry.last, last.get(entry.component, 0))
    for name, without in (
        ("gateway", "alerts do not arrive"),
        ("worker", "nothing is decided or traded"),
        ("control", "the API and the metrics do not answer"),
    ):
        if name not in last:
            found = f"{name} has never run: {without}"
        elif patient.now - last[name] > ALIVE_MS:
            found = f"{name} was last heard of {patient.ago(last[name])}: {without}"
        else:
            yield ok(f"{name} runs")
            continue
        do = "start everything: pinery up; what it prints says why something ends"
        yield warning(found, do) if name == "control" else problem(found, do, patient.close_by_hand())


def states(patient: Patient) -> Iterator[Finding]:
    """The kill switch, by scope."""
    rows = patient.read(lambda tx: tx.states.all())
    scopes = {"all", *(f"account:{name}" for name in patient.accounts)}
    scopes |= {f"deployment:{name}" for name in patient.deployments}
    held = [row for row in rows.values() if row.state is not TradingState.ACTIVE and row.scope in scopes]
    if not held:
        yield ok("trading is active")
    for row in held:
        why = f": {row.reason}" if row.reason else ""
        found = f"{row.scope} is {row.state.value} since {moment(row.at)}, by {row.by or 'nobody known'}{why}"
        do = f"once the reason is gone: pinery resume {row.scope}"
        if row.state is TradingState.HALTED:
            yield problem(found + "; no signal is traded", do, patient.close_by_hand(**_scope(row.scope)))
        else:
            yield warning(found + "; entries are refused, exits work", do)


def _scope(text: str) -> dict[str, str]:
    kind, _, name = text.partition(":")
    return {kind: name} if name else {}


def deployments(patient: Patient) -> Iterator[Finding]:
    for name, deployment in patient.deployments.items():
        if deployment.paused:
            yield warning(
                f"{name} is paused", f"set paused = false under [deployments.{name}]", patient.signal_by_hand(name)
            )
        elif deployment.stage is Stage.BACKTEST:
            do = f'set stage = "paper" under [deployments.{name}] when its backtest is good enough'
            yield warning(f"{name} is at stage backtest: its signals are recorded only", do)
        else:
            yield ok(f"{name} trades {deployment.symbol} in {deployment.account}, stage {deployment.stage.value}")


def last_alerts(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.health import alert_times, first_alert

    charts = patient.configuration.charts
    names = tuple(name for name in patient.deployments if name not in charts)  # what a chart gives comes from within
    if not names:
        yield ok("all signals come from charts")
    firsts = patient.read(lambda tx: {name: first_alert(tx, name) for name in names})
    lasts = patient.read(lambda tx: {name: alert_times(tx, name, 0, 1) for name in names})
    for name, first in firsts.items():
        if first is None:
            do = "check the alert in TradingView: webhook address, that it is active; then the next list"
            yield warning(f"{name}: no alert has ever arrived", do, patient.signal_by_hand(name))
            continue
        last = lasts[name][0] if lasts[name] else first
        found = f"{name}: the last alert came {patient.ago(last)} ({moment(last)})"
        if patient.now - last < _SILENCE_MS:
            yield ok(found)
            continue
        ended = "; it may have ended: alerts of TradingView live two months at most, unless open-ended"
        old = patient.now - first >= _ALERT_LIFE_MS
        do = "look at the alert in TradingView: is it active, and on the right chart and timeframe"
        yield warning(found, do + (ended if old else ""), patient.signal_by_hand(name))


def backlog(patient: Patient) -> Iterator[Finding]:
    waiting = {name: entry for name, entry in patient.figures.inbox.items() if not patient.only or name == patient.only}
    for name, entry in waiting.items():
        if entry.oldest_seconds * 1000 > _SLOW_MS:
            age = duration(int(entry.oldest_seconds * 1000))
            found = f"{name}: {entry.count} messages wait for a decision, the oldest for {age}"
            do = "a worker has to run (pinery up) and reach its broker: see the last list"
            yield problem(found, do, patient.close_by_hand(deployment=name))
    if not any(entry.oldest_seconds * 1000 > _SLOW_MS for entry in waiting.values()):
        yield ok("no message waits")


def unparsed(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.paging import Filters
    from pinery.adapters.store.views.signals import list_messages

    filters = Filters(deployment=patient.only, since=patient.now - DAY_MS, limit=_MANY)
    rows = patient.read(lambda tx: list_messages(tx, filters, MessageStatus.UNPARSED)).items
    if not rows:
        yield ok("every message of the last 24 hours was understood")
    reasons = Counter((row.deployment, row.note) for row in rows)
    for (name, note), count in reasons.most_common(_QUOTED):
        do = f"pinery alert test 'MESSAGE' -d {name} tries a message; pinery alert template -d {name} prints a good one"
        yield problem(f"{name}: {count} not understood in 24 hours: {note}", do, patient.signal_by_hand(name))


def denials(patient: Patient) -> Iterator[Finding]:
    yield from refusals(patient, frozenset(DENIALS))


def refusals(patient: Patient, codes: frozenset[str]) -> Iterator[Finding]:
    """Signals refused in the last day with one of ``codes``, the most frequent first."""
    from pinery.adapters.store.views.paging import Filters
    from pinery.adapters.store.views.signals import list_signals

    filters = Filters(deployment=patient.only, since=patient.now - DAY_MS, limit=_MANY)
    page = patient.read(lambda tx: list_signals(tx, filters, "denied"))
    rows = [row for row in page.items if row.code in codes]
    if not rows:
        yield ok("no signal was refused in the last 24 hours")
    counts = Counter((row.deployment, row.code) for row in rows)
    for (name, code), count in counts.most_common():
        last = next(row for row in rows if (row.deployment, row.code) == (name, code))
        found = f"{name}: {count} × {code}, last: {last.reason}"
        do = f"{DENIALS.get(code, code)}; if that is not wanted, change the limit in pinery.toml"
        yield warning(found, do, patient.signal_by_hand(name))


def hours(patient: Patient) -> Iterator[Finding]:
    from pinery.app.up.directory import ConfiguredDirectory

    directory = ConfiguredDirectory(patient.configuration)
    for name, deployment in patient.deployments.items():
        contract = directory.contract_for(deployment.symbol, deployment, patient.now)
        if isinstance(contract, Denial):
            yield skipped(f"{name}: {contract.reason}")
            continue
        windows = windows_for(contract, deployment.limits, directory.hours())
        if tradable(contract, windows, patient.now):
            yield ok(f"{name}: {contract.symbol} may be traded now")
            continue
        opens = next_open(windows, patient.now) if windows else exchange_opens(contract.instrument, patient.now)
        again = f"; next from {moment(opens)}" if opens is not None else ""
        do = f"wait, or change trading_hours under [deployments.{name}.limits]"
        yield warning(f"{name}: outside the trading hours of {contract.symbol}{again}", do)


def bursts(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.views.health import alert_times

    since, quiet = patient.now - 7 * DAY_MS, True
    lately = patient.read(lambda tx: {name: alert_times(tx, name, since, _MOST) for name in patient.deployments})
    for name, times in lately.items():
        close = [b for a, b in zip(times, times[_BURST:], strict=False) if b - a <= _BURST_MS]
        if close:
            quiet = False
            found = f"{name}: more than {_BURST} alerts within 3 minutes, last at {moment(close[-1])}"
            do = "TradingView stops such an alert: start it again there, once per bar close if possible"
            yield warning(found, do, patient.signal_by_hand(name))
    if quiet:
        yield ok(f"nowhere more than {_BURST} alerts in 3 minutes, at which TradingView stops an alert")


def template(patient: Patient) -> Iterator[Finding]:
    for name, deployment in patient.deployments.items():
        if deployment.template is not None:
            read = "its own template"
        else:
            read = f"format {deployment.preset}" if deployment.preset is not None else "any format known"
        yield ok(f"{name} reads {read}; pinery alert template -d {name} prints the message to paste into the alert")


CHECKS = (
    Check("configuration", "whether pinery.toml and its secrets are valid", configuration),
    Check("store", "whether the database can be read", store),
    Check("processes", "heartbeats of gateway, worker and control", processes),
    Check("trading state", "what halts or restricts trading", states),
    Check("deployments", "pauses and stages", deployments),
    Check("last alerts", "when each deployment last heard of its sender", last_alerts),
    Check("waiting messages", "messages that nobody has decided on", backlog),
    Check("messages not understood", "of the last 24 hours, with their reasons", unparsed),
    Check("refused signals", "of the last 24 hours, by code", denials),
    Check("trading hours", "whether entries are allowed now", hours),
    Check("stopped alerts", "bursts at which TradingView stops an alert", bursts),
    Check("message", "what to paste into the alert", template),
)
