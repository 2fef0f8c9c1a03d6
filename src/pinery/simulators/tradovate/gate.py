"""Before and after an operation: who asks, how often, and what is to go wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pinery.simulators.common.faults import Armed
from pinery.simulators.tradovate.answers import Call, Failure, Problem, violation
from pinery.simulators.tradovate.auth import Session, Sessions
from pinery.simulators.tradovate.housekeeping import Housekeeping
from pinery.simulators.tradovate.operations import Operation, Operations
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.wire import dumps

LOGIN = "auth/accesstokenrequest"
_BEFORE = (
    "lost",
    "ticket",
    "captcha",
    "rate_limit",
    "locked",
    "status",
    "refused",
    "error_text",
    "violations",
    "command_pending",
    "evicted",
    "stale_token",
)
_AFTER = ("unanswered", "held", "failed_after", "garbled", "drop_sockets")


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is JSON text, empty for none. ``cut``: nothing is answered, the connection ends."""

    status: int
    body: str = ""
    text: str = ""
    cut: bool = False


CUT = Answer(0, cut=True)


@dataclass(slots=True)
class _Penalty:
    """``taken_from`` is the clock's second from which the same request, with the ticket, is taken."""

    operation: str
    asked: Mapping[str, Any]
    taken_from: float


class Gate:
    """``drop_sockets`` cuts the sockets of a user."""

    def __init__(
        self,
        state: State,
        sessions: Sessions,
        operations: Operations,
        housekeeping: Housekeeping,
        drop_sockets: Callable[[int], None],
    ) -> None:
        self._state = state
        self._sessions = sessions
        self._operations = operations
        self._housekeeping = housekeeping
        self._drop_sockets = drop_sockets
        self._penalties: dict[str, _Penalty] = {}
        self._requests: dict[int, deque[float]] = {}  # times of each user's last hour
        self._logins: deque[float] = deque()
        self._tickets = 0

    async def perform(
        self,
        name: str,
        parameters: Mapping[str, Any],
        session: Session | None,
        *,
        own: Mapping[str, Operation] | None = None,
    ) -> Answer:
        """``session`` None: nobody is logged in, which only a login allows. ``own``: a socket's own operations."""
        try:
            return await self._perform(name, parameters, session, own)
        except Problem as problem:
            return Answer(problem.status, "", problem.text)
        except Failure as failure:
            return Answer(200, dumps(failure.body))
        finally:
            self._state.ledger.commit()

    async def _perform(
        self,
        name: str,
        parameters: Mapping[str, Any],
        session: Session | None,
        own: Mapping[str, Operation] | None,
    ) -> Answer:
        self._housekeeping.tick()
        if self._housekeeping.down():
            raise Problem(503, "The venue is down for maintenance")
        faults = self._state.faults
        asked = {key: value for key, value in parameters.items() if key != "p-ticket"}
        penalty = self._penalty_of(name, asked, parameters.get("p-ticket"))
        if penalty is not None:
            return penalty
        delayed = faults.take(name, ("delay",))
        if delayed is not None:
            await asyncio.sleep(float(delayed.options.get("seconds", 1)))
        fault = faults.take(name, _BEFORE)
        if fault is not None:
            ended = self._go_wrong(fault, name, asked, session)
            if ended is not None:
                return ended
        self._count(session)
        if name == LOGIN:
            if self._too_many_logins():
                return self._ticket(name, asked, self._state.settings.penalty)
            result: Any = self._sessions.accesstokenrequest(asked)
        else:
            assert session is not None, "only a login comes without a session"
            result = self._run(name, asked, session, own)
        return await self._leave(name, Answer(200, dumps(result)), session)

    def _run(self, name: str, asked: Mapping[str, Any], session: Session, own: Mapping[str, Operation] | None) -> Any:
        operation = (own or {}).get(name) or self._operations.table.get(name)
        if operation is None or (operation.socket_only and own is None):
            raise Problem(404, "Not found")
        if self._state.settings.device_check and name.startswith(("order/", "orderStrategy/")) and not session.device:
            raise Problem(401, "Access is denied: the login gave no deviceId")
        return operation.run(Call(session.user, session.id, asked))

    async def _leave(self, name: str, answer: Answer, session: Session | None) -> Answer:
        """The operation is done and on disk; what can go wrong with the answer goes wrong now."""
        fault = self._state.faults.take(name, _AFTER)
        if fault is None:
            return answer
        self._state.ledger.commit()
        if fault.fault == "unanswered":
            return CUT
        if fault.fault == "held":
            await asyncio.sleep(float(fault.options.get("seconds", 30)))
        elif fault.fault == "failed_after":
            raise Problem(int(fault.options.get("status", 502)), "Bad gateway")
        elif fault.fault == "garbled":
            return Answer(200, '{"orderId":')
        elif session is not None:
            asyncio.get_running_loop().call_later(0.01, self._drop_sockets, session.user)
        return answer

    # --- faults before ----------------------------------------------------------------

    def _go_wrong(self, fault: Armed, name: str, asked: Mapping[str, Any], session: Session | None) -> Answer | None:
        """None: the request goes on."""
        options = fault.options
        match fault.fault:
            case "lost":
                return CUT
            case "ticket":
                return self._ticket(name, asked, float(options.get("seconds", self._state.settings.penalty)))
            case "captcha":
                return self._ticket(name, asked, float(options.get("seconds", 3600)), captcha=True)
            case "rate_limit":
                raise Problem(429)
            case "locked":
                raise Problem(423, "Locked")
            case "status":
                raise Problem(int(options.get("status", 500)), "Internal server error")
            case "refused":
                reason, text = options.get("reason", "UnknownReason"), options.get("text", "Access is denied")
                raise Failure(failureReason=reason, failureText=text) if text else Failure(failureReason=reason)
            case "command_pending":
                text = "another command for the order is under way"
                raise Failure(failureReason="AnotherCommandPending", failureText=text)
            case "error_text":
                raise Failure(errorText=options.get("text", "The operation is not possible now"))
            case "violations":
                raise violation("Fault", name, options.get("text", "not valid"))
        if session is not None and fault.fault == "evicted":
            self._sessions.end(session)
            raise Problem(self._state.settings.evicted_status, "Session is closed")
        if session is not None and fault.fault == "stale_token":
            self._sessions.expire(session)
            raise Problem(401, "Expired Access Token")
        return None

    # --- penalties and limits ---------------------------------------------------------

    def _ticket(self, name: str, asked: Mapping[str, Any], seconds: float, *, captcha: bool = False) -> Answer:
        """Not executed: the same request is to come again, with the ticket, when the time is over."""
        self._tickets += 1
        ticket = f"{self._state.random.getrandbits(64):016x}-{self._tickets}"
        if not captcha:
            self._penalties[ticket] = _Penalty(name, asked, self._state.clock.monotonic() + seconds)
        whole = int(seconds) if seconds == int(seconds) else seconds
        return Answer(200, dumps({"p-ticket": ticket, "p-time": whole, "p-captcha": captcha}))

    def _penalty_of(self, name: str, asked: Mapping[str, Any], ticket: object) -> Answer | None:
        """None: there is no penalty, or it is over. A ticket counts once."""
        if ticket is None:
            return None
        penalty = self._penalties.get(str(ticket))
        if penalty is None:
            return self._ticket(name, asked, self._state.settings.penalty)
        if penalty.operation != name or penalty.asked != asked:
            raise Problem(400, "the ticket is of another request")
        if self._state.clock.monotonic() < penalty.taken_from:
            return self._ticket(name, asked, self._state.settings.penalty)
        del self._penalties[str(ticket)]
        if name == LOGIN:
            self._logins.clear()
        return None

    def _too_many_logins(self) -> bool:
        now = self._state.clock.monotonic()
        while self._logins and self._logins[0] <= now - 60:
            self._logins.popleft()
        self._logins.append(now)
        return len(self._logins) > self._state.settings.logins_minute

    def _count(self, session: Session | None) -> None:
        """Raises Problem for more than the limits allow."""
        if session is None:
            return
        now, settings = self._state.clock.monotonic(), self._state.settings
        times = self._requests.setdefault(session.user, deque())
        while times and times[0] <= now - 3600:
            times.popleft()
        limits = ((settings.limit_second, 1), (settings.limit_minute, 60), (settings.limit_hour, 3600))
        for limit, seconds in limits:
            if len(times) >= limit and times[-limit] > now - seconds:
                raise Problem(429)
        times.append(now)
