"""The control API: an HTTP server of its own, behind logins."""

from pinery.gateway.control.application import create_app

__all__ = ["create_app"]
