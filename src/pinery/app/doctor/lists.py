"""The failure lists, in the order in which a trader meets them."""

from __future__ import annotations

from pinery.app.doctor import checks_brokers, checks_charts, checks_orders, checks_signals, checks_webhook
from pinery.app.doctor.checking import FailureList

LISTS = (
    FailureList("signals", "No signals", checks_signals.CHECKS),
    FailureList("charts", "Charts not firing", checks_charts.CHECKS),
    FailureList("webhook", "Webhook not arriving", checks_webhook.CHECKS),
    FailureList("orders", "Orders not filling", (*checks_orders.CHECKS, *checks_brokers.CHECKS)),
)
