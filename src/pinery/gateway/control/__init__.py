"""The control API: an HTTP server of its own, behind logins. ``application.create_app`` puts it together.

Nothing is imported here: records of it are used by processes that serve nothing.
"""
