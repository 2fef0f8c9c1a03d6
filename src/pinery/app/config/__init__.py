"""``pinery.toml`` for trading: models, checks, reading, reloading."""
