"""Charts that do not fire: are they running, do their scripts work, do prices come, do alerts get through?"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from pinery.app.doctor.checking import Check, Finding, ok, problem, skipped, warning
from pinery.app.doctor.patient import NotThere, Patient, moment
from pinery.charts.records import ChartRow, ChartState, state_at

_LATE_MS = 15_000  # an alert that has not got through for longer is a problem


def _rows(patient: Patient) -> dict[str, ChartRow | None]:
    """Of the deployments looked at that have a chart."""
    from pinery.adapters.store.charts import get_chart

    names = [name for name in patient.deployments if name in patient.configuration.charts]
    if not names:
        raise NotThere("no deployment has a chart")
    return patient.read(lambda tx: {name: get_chart(tx, name) for name in names})


def _state(row: ChartRow, patient: Patient) -> ChartState:
    return state_at(row.state, row.updated, patient.now)


def running(patient: Patient) -> Iterator[Finding]:
    for name, row in _rows(patient).items():
        if row is None:
            yield problem(
                f"{name}: its chart has never run", "start it: pinery up", patient.close_by_hand(deployment=name)
            )
        elif _state(row, patient) is not ChartState.STOPPED:
            if row.state is not ChartState.FAILED:
                yield ok(f"{name}: {row.script} on {row.symbol} {row.timeframe}, {row.state.value}")
        else:
            found = f"{name}: its chart was last heard of {patient.ago(row.updated)}"
            do = "start it: pinery up; what it prints says why the process for charts ends"
            yield problem(found, do, patient.close_by_hand(deployment=name))


def scripts(patient: Patient) -> Iterator[Finding]:
    """Whether they compile, and whether what runs is what the file says."""
    from pinery.app.config.charts import script_findings

    rows = _rows(patient)
    wrong: set[str] = set()
    for finding in script_findings(patient.configuration):
        name = str(finding.path[1])
        if name in rows:
            wrong.add(name)
            yield problem(f"{name}: {finding.message}", "mend the script or its inputs; a running chart takes it over")
    for name, row in rows.items():
        if name in wrong:
            continue
        if row is not None and row.state is ChartState.FAILED:
            yield problem(
                f"{name}: {row.error}",
                "mend it; the chart tries again by itself",
                patient.close_by_hand(deployment=name),
            )
        elif row is not None and row.sha256 and row.sha256 != _digest(patient, name):
            do = "a running chart takes it over within seconds; if this stays, start again: pinery up"
            yield warning(f"{name}: {row.script} has changed since the chart took it", do)
        else:
            yield ok(f"{name}: the script compiles")


def _digest(patient: Patient, name: str) -> str:
    from pinery.app.scripts import read_script

    return sha256(read_script(patient.configuration.charts[name].script).text.encode()).hexdigest()


def prices(patient: Patient) -> Iterator[Finding]:
    for name, row in _rows(patient).items():
        if row is None or _state(row, patient) in (ChartState.STOPPED, ChartState.FAILED):
            yield skipped(f"{name}: its chart does not run")
            continue
        last = "never" if row.price_at is None else patient.ago(row.price_at)
        if row.state is ChartState.SILENT:
            do = f"look at the feed {row.feed}: does the program that writes it, or the connection, still run?"
            yield problem(f"{name}: no prices of {row.symbol} though the market is open; the last came {last}", do)
        elif row.missing or row.late:
            found = f"{name}: {row.missing} bars are missing and {row.late} prices came too late since the chart began"
            yield warning(found, "bars with gaps give other signals than complete ones: look at the feed")
        else:
            yield ok(f"{name}: the last price of {row.symbol} came {last}")


def alerts(patient: Patient) -> Iterator[Finding]:
    from pinery.adapters.store.charts import due_alerts
    from pinery.adapters.store.views.charts import list_charts

    rows, configuration = _rows(patient), patient.configuration
    due = patient.read(lambda tx: {name: due_alerts(tx, name) for name in rows})
    charts = {name: configuration.charts[name] for name in rows}
    views = patient.read(lambda tx: list_charts(tx, charts, configuration.deployments, patient.now))
    missed = {view.deployment: view.missed for view in views}
    for name, row in rows.items():
        if due[name] and patient.now - due[name][0].at > _LATE_MS:
            why = f": {row.error}" if row is not None and row.error else ""
            found = f"{name}: alerts wait for the webhook, {len(due[name])} of them, the first one since "
            found += f"{moment(due[name][0].at)}{why}"
            yield problem(found, "is the webhook up, and does it let this machine in? [webhook] allow_loopback")
        elif missed.get(name):
            found = f"{name}: {missed[name]} alerts of the last 24 hours were missed while the chart was down"
            yield warning(found, 'the deployment\'s chart may act on fresh ones: missed = "act"')
        else:
            yield ok(f"{name}: no alert waits, none was missed")


CHECKS = (
    Check("charts", "whether the chart of each deployment runs", running),
    Check("scripts", "whether the charts' scripts compile and run, and are those of the files", scripts),
    Check("prices", "whether the charts' feeds have prices", prices),
    Check("chart alerts", "whether alerts that fired got through", alerts),
)
