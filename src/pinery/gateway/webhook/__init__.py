"""The webhook: alerts come in here and are on disk before they are acknowledged."""

from pinery.gateway.webhook.application import Observe, create_app
from pinery.gateway.webhook.intake import Intake
from pinery.gateway.webhook.server import serve

__all__ = ["Intake", "Observe", "create_app", "serve"]
