"""The HTTP entrances: the webhook that alerts come to, and the control API. Each on a port of its own."""
