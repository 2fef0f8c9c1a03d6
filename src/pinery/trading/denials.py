"""Why a signal or an order was refused: the codes, each with its meaning. Every refusal names one of them."""

from __future__ import annotations

from dataclasses import dataclass

#: code -> what it means, for people. Adding a reason is one line here.
DENIALS: dict[str, str] = {
    # before risk
    "UNPARSED": "the message could not be understood",
    "UNKNOWN_DEPLOYMENT": "the deployment is no longer configured",
    "DUPLICATE": "the same alert was handled already",
    "PAUSED": "the deployment is paused",
    "NO_ORDER_NEEDED": "the position is already as the signal wants it",
    "NOTHING_TO_CLOSE": "this deployment holds no position to close",
    "ALREADY_IN_POSITION": "the deployment already holds a position on that side and may not add to it",
    "OPPOSITE_SIDE": "another deployment of the account holds the contract on the other side",
    "DIRECTION": "the deployment may not trade that side",
    "SYMBOL_UNKNOWN": "the symbol cannot be mapped to a contract",
    "CONTRACT_EXPIRED": "the contract has expired or is about to",
    "SIZE": "no order size follows from the sizing rule",
    "NO_PRICE": "no price is known to size, protect or fill the order",
    "BRACKET": "stop or target lie on the wrong side of the price, or the market has passed the stop",
    # risk checks, a file each in pinery/trading/risk
    "KILL_SWITCH": "trading is halted",
    "REDUCING": "only orders that reduce a position are accepted",
    "STALE": "the signal is too old",
    "SUPERSEDED": "a newer signal of the deployment was handled already",
    "SYMBOL": "the symbol is not on the allow-list",
    "SESSION": "outside the trading hours",
    "COOL_DOWN": "too soon after the last trade",
    "MAX_ORDER_SIZE": "the order is larger than allowed",
    "MAX_POSITION": "the position would be larger than allowed",
    "ORDERS_PER_DAY": "the day's number of orders is used up",
    "DAILY_LOSS": "the day's loss limit is reached",
    "DRAWDOWN": "the drawdown limit is reached",
    "PRICE_COLLAR": "the price is too far from the last one known",
    "MARKET_DATA_AGE": "the last price known is too old",
    "BALANCE": "the account's balance is below the limit, or not known",
    "MARGIN": "the account lacks the margin for the order",
    "STAGE": "the deployment's stage does not allow it",
    "PROMOTION": "the deployment's stage was never granted: real money needs a promotion on record",
    # from the broker
    "BROKER_REJECTED": "the broker refused the order",
    "BROKER_UNREACHABLE": "the order was not sent: the broker could not be reached",
    "PAPER_NO_PRICE": "the paper account has no market feed and the alert carries no price",
    "PAPER_REJECT": "the paper account rejects a share of orders, as configured",
    "UNPROTECTED": "the stop could not be placed, so the position was closed at once",
}


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal: one of ``DENIALS`` and the facts of the case in a sentence."""

    code: str
    reason: str

    def __post_init__(self) -> None:
        if self.code not in DENIALS:
            raise ValueError(f"{self.code} is not in DENIALS")
