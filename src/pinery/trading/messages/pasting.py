"""The message to paste into TradingView's alert dialog."""

from __future__ import annotations

from pinery.trading.deployments import Deployment

# Numbers stay in quotes: what TradingView fills in is not JSON (NaN, an empty text), and must not break the rest.
_STRATEGY = (
    ("action", "{{strategy.order.action}}"),
    ("quantity", "{{strategy.order.contracts}}"),
    ("price", "{{strategy.order.price}}"),
    ("order_id", "{{strategy.order.id}}"),
    ("market_position", "{{strategy.market_position}}"),
    ("market_position_size", "{{strategy.market_position_size}}"),
    ("prev_market_position", "{{strategy.prev_market_position}}"),
    ("prev_market_position_size", "{{strategy.prev_market_position_size}}"),
)
_COMMON = (
    ("symbol", "{{exchange}}:{{ticker}}"),
    ("interval", "{{interval}}"),
    ("bar_time", "{{time}}"),
    ("timenow", "{{timenow}}"),
)


def template_for(deployment: Deployment, *, strategy: bool) -> str:
    """For the order fills of a strategy, or for one action of an indicator (``IN``: change it in each alert)."""
    if deployment.template is not None:
        return deployment.template
    own = _STRATEGY if strategy else (("action", "IN"), ("price", "{{close}}"))
    lines = ",\n".join(f'  "{name}": "{value}"' for name, value in (*own, *_COMMON))
    return f"{{\n{lines}\n}}"
