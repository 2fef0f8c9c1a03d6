"""Making, promoting, demoting and removing deployments: the settings, the record and the evidence together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.views.stages import measure
from pinery.app.config.configuration import Configuration
from pinery.app.config.left_behind import holdings
from pinery.app.config.reading import load_configuration
from pinery.app.config.tokens import add_token
from pinery.app.stages.editing import add_deployment, only_editor, remove_deployment, remove_token, set_values
from pinery.app.stages.identity import identity_of
from pinery.app.stages.testing import limits_of, on_made_up_prices, simulated_at
from pinery.core.errors import PineryError, UsageError
from pinery.trading.control import Person
from pinery.trading.deployments import Deployment, SizingKind, Stage
from pinery.trading.desk.unclaimed import give_up
from pinery.trading.errors import NotFound, Refused
from pinery.trading.stages.backtests import Identity, read_verdict
from pinery.trading.stages.gates import MEASURED_STAGES
from pinery.trading.stages.ladder import Standing, lower_stage, standing
from pinery.trading.stages.recording import record, record_change
from pinery.trading.stages.records import Checklist, Promotion
from pinery.trading.stages.rules import Facts, checks_for, evidence
from pinery.trading.stages.wanted import Deployed, Evidence, Wanted
from pinery.trading.store import Message, Tx

NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class StageDesk:
    """Of the installation in ``folder``. ``now``: Unix ms. ``verdict_of`` an id is that of a backtest made elsewhere,
    None where there is none; ``script_of`` an id is the file of a script."""

    folder: Path
    store: SqlStore
    now: Callable[[], int]
    verdict_of: Callable[[str], Mapping[str, Any] | None] = lambda name: None
    script_of: Callable[[str], Path] | None = None

    # --- looking ----------------------------------------------------------------------

    def checklist(self, name: str, given: Evidence = NOTHING) -> Checklist:
        """What the next promotion asks for, and what is there. Raises NotFound."""
        configuration = self._configuration()
        deployment = configuration.deployment(name)
        identity = _identity(configuration, name)
        return self.store.read(lambda tx: self._look(tx, configuration, deployment, identity, given)[0])

    def evidence(self, backtest: str = "", without_backtest: bool = False) -> Evidence:
        """By the id of a backtest. Raises NotFound, and UsageError for one without a verdict."""
        if not backtest:
            return Evidence(None, without_backtest)
        found = self.verdict_of(backtest)
        if found is None:
            raise NotFound(f"there is no finished backtest {backtest!r}", "run it again")
        return Evidence(read_verdict(found, f"backtest {backtest}"), without_backtest)

    # --- changing ---------------------------------------------------------------------

    def create(self, wanted: Wanted, person: Person, given: Evidence = NOTHING) -> Deployed:
        """Made at stage backtest; at paper at once where ``given`` suffices.

        Raises Refused where the name is taken, ConfigError where the settings are not right.
        """
        _needs_note(given, person)
        with only_editor(self.folder):
            account = wanted.account

            def note(tx: Tx) -> None:
                left = holdings(tx, known.accounts, wanted.name)
                if left:  # of one that was taken out by hand: in another account nothing would close it
                    text = f"a deployment {wanted.name} that was there before holds {left}"
                    raise Refused(text, "choose another name, or close that first")
                text = f"{person.name} made the deployment {wanted.name}"
                facts = {"symbol": wanted.symbol, "script": wanted.script}
                record_change(tx, wanted.name, account, "deployment added", text, person, facts)

            def before(configuration: Configuration) -> None:
                if wanted.script:
                    identity_of(configuration, wanted.name)
                self.store.write(note)

            known = self._configuration()  # mistakes that were there before are told with their lines
            configuration = add_deployment(self.folder, wanted.name, wanted.settings(Stage.BACKTEST), before)
            url = configuration.webhook.hook_url(add_token(self.folder, wanted.name))
            if given.is_given:
                try:
                    checklist = self._promote(wanted.name, person, given)
                except Refused:
                    checklist = self.checklist(wanted.name, given)
            else:
                checklist = self.checklist(wanted.name)
        return Deployed(wanted.name, checklist.configured, url, checklist)

    def wanted_script(self, script: str) -> str:
        """How pinery.toml names a script that was given by its id. Raises UsageError for what is outside the folder."""
        if self.script_of is not None:
            path = self.script_of(script)
        else:
            path = (self.folder / script).resolve()
            if not path.is_relative_to(self.folder.resolve()):
                raise UsageError(f"{script!r} is not in the folder of pinery.toml", "name a script in it")
        return file_name(path, self.folder)

    def remove(self, name: str, person: Person) -> None:
        """Its section and its token; messages that wait for it end. Raises Refused while it holds a position or has
        orders that are not final."""
        with only_editor(self.folder):
            configuration = self._configuration()
            deployment = configuration.deployment(name)

            def work(tx: Tx) -> None:
                tx.leases.hold_off(f"account:{deployment.account}")  # nothing is decided meanwhile
                held = holdings(tx, configuration.accounts, name)
                if held:
                    raise Refused(
                        f"{name} cannot be removed: it holds {held}", f"first: pinery flatten deployment:{name}"
                    )
                recorded = tx.promotions.stage(name)
                if recorded is not None and recorded is not Stage.BACKTEST:
                    end = Promotion(name, recorded, Stage.BACKTEST, person.at, person.name, True, "removed")
                    tx.promotions.add(end)
                text = f"{person.name} removed the deployment {name}"
                record_change(tx, name, deployment.account, "deployment removed", text, person, {})
                give_up((name,), tx, self.now(), person.channels)

            remove_deployment(self.folder, name, lambda _: self.store.write(work))
            remove_token(self.folder, name)

    def pause(self, name: str, paused: bool, person: Person) -> None:
        with only_editor(self.folder):
            deployment = self._configuration().deployment(name)
            word = "paused" if paused else "resumed"
            text = f"{person.name} {word} {name}"

            def work(tx: Tx) -> None:
                record_change(tx, name, deployment.account, f"deployment {word}", text, person, {"paused": paused})

            set_values(self.folder, name, {"paused": paused}, lambda _: self.store.write(work))

    def renew_token(self, name: str, person: Person) -> str:
        """The new webhook address, shown this once; the old ones end."""
        with only_editor(self.folder):
            configuration = self._configuration()
            deployment = configuration.deployment(name)
            text = f"{person.name} made a new webhook address for {name}"
            self.store.write(lambda tx: record_change(tx, name, deployment.account, "webhook token", text, person, {}))
            return configuration.webhook.hook_url(add_token(self.folder, name))

    def promote(self, name: str, person: Person, given: Evidence = NOTHING) -> Checklist:
        """One stage up, if everything asked for is there; else Refused. Both are on record."""
        _needs_note(given, person)
        with only_editor(self.folder):
            return self._promote(name, person, given)

    def demote(self, name: str, wanted: Stage | None, person: Person) -> Stage:
        """Always possible; what is held stays, and may be closed by signals. Returns the stage."""
        with only_editor(self.folder):
            configuration = self._configuration()
            deployment = configuration.deployment(name)
            identity = _identity(configuration, name)
            history = self.store.read(lambda tx: tx.promotions.of(name))
            after = lower_stage(standing(deployment.stage, history), wanted)
            kept = {"deployed": identity.as_data()} if isinstance(identity, Identity) else {}
            row = Promotion(name, deployment.stage, after, person.at, person.name, True, person.note, kept)

            def before(_: Configuration) -> None:
                self.store.write(lambda tx: record(tx, row, deployment.account, person))

            set_values(self.folder, name, {"stage": after.value}, before)
            return after

    # --- messages ---------------------------------------------------------------------

    def template(self, name: str, *, strategy: bool) -> str:
        """The message to paste into TradingView's alert dialog."""
        from pinery.trading.messages import template_for

        return template_for(self._configuration().deployment(name), strategy=strategy)

    def test(self, name: str, text: str) -> dict[str, Any]:
        """What a message would mean and do now; nothing is stored or sent."""
        from pinery.app.operate.previewing import preview
        from pinery.trading.messages import Unreadable, explain, read_message
        from pinery.trading.signals import Source

        configuration = self._configuration()
        deployment = configuration.deployment(name)
        message = Message(name, Source.WEBHOOK, text, self.now() * 1000)
        try:
            lines = explain(message, deployment)
            signal = read_message(message, deployment)
        except Unreadable as error:
            return {"understood": False, "reason": error.reason, "fields": {}, "signal": {}, "steps": []}
        stated = {key: value for key, value in asdict(signal).items() if value is not None and value != ""}
        steps = [
            {"step": step, "result": result, "facts": facts}
            for step, result, facts in preview(signal, deployment, configuration)
        ]
        return {"understood": True, "reason": "", "fields": dict(lines), "signal": stated, "steps": steps}

    # --- inside -----------------------------------------------------------------------

    def _configuration(self) -> Configuration:
        """As the file is now, not as a process last read it."""
        return load_configuration(self.folder)

    def _promote(self, name: str, person: Person, given: Evidence) -> Checklist:
        configuration = self._configuration()
        deployment = configuration.deployment(name)
        identity = _identity(configuration, name)
        checklist, facts = self.store.read(lambda tx: self._look(tx, configuration, deployment, identity, given))
        target = checklist.next
        if target is None:
            raise Refused(f"{name} is at stage production, the highest one")
        row = Promotion(
            name,
            checklist.stage,
            target,
            person.at,
            person.name,
            checklist.allowed,
            person.note,
            evidence(target, facts, checklist.checks),
        )
        if not checklist.allowed:
            self.store.write(lambda tx: record(tx, row, deployment.account, person))
            missing = checklist.missing
            reasons = "; ".join(_said(check.title, check.note) for check in missing[:_SAID])
            more = f"; and {len(missing) - _SAID} more" if len(missing) > _SAID else ""
            raise Refused(
                f"{name} is not promoted to {target}: {len(missing)} of {len(checklist.checks)} checks failed: "
                f"{reasons}{more}",
                f"pinery promote {name} --check shows all of them",
            )

        def before(_: Configuration) -> None:
            self.store.write(lambda tx: record(tx, row, deployment.account, person))

        set_values(self.folder, name, {"stage": target.value}, before)
        return self.checklist(name)

    def _look(
        self,
        tx: Tx,
        configuration: Configuration,
        deployment: Deployment,
        identity: Identity | PineryError,
        given: Evidence,
    ) -> tuple[Checklist, Facts]:
        name = deployment.name
        history = tx.promotions.of(name)
        stands: Standing = standing(deployment.stage, history)
        target = stands.next
        since = stands.since if target in MEASURED_STAGES else None
        chart = configuration.charts.get(name)
        account = configuration.accounts.get(deployment.account)
        counted = [name for name, one in configuration.accounts.items() if not simulated_at(one.options)]
        facts = Facts(
            standing=stands,
            history=history,
            deployed=identity if isinstance(identity, Identity) else None,
            cannot_say=identity.message if isinstance(identity, PineryError) else "",
            verdict=given.verdict,
            without_backtest=given.without_backtest,
            made_up_market=chart is not None and on_made_up_prices(configuration, chart),
            rehearsed_at=simulated_at(account.options) if account is not None else "",
            measured=measure(tx, deployment, since, self.now(), counted) if since is not None else None,
            backtest_limits=limits_of(configuration.backtest_gate),
            gates=configuration.stage_gates,
            size=deployment.sizing.value if deployment.sizing.kind is SizingKind.FIXED else None,
            caps=configuration.stages,
        )
        checks = checks_for(target, facts) if target is not None else ()
        return Checklist(name, deployment.stage, stands.stage, target, checks, tuple(history)), facts


_SAID = 3


def _said(title: str, note: str) -> str:
    return f"{title} ({note})" if note else title


def _needs_note(given: Evidence, person: Person) -> None:
    if given.without_backtest and not person.note.strip():
        raise UsageError("going without a backtest needs a reason", 'say why: --note "…"')


def _identity(configuration: Configuration, name: str) -> Identity | PineryError:
    try:
        return identity_of(configuration, name)
    except PineryError as error:
        return error


def file_name(path: Path, folder: Path) -> str:
    """Relative to ``folder`` where it lies in it or beside it, so that the two may move together."""
    absolute, base = path.resolve(), folder.resolve()
    if absolute.is_relative_to(base) or absolute.is_relative_to(base.parent):
        return Path(os.path.relpath(absolute, base)).as_posix()
    return str(absolute)
