"""The guarded way from a backtest to production: deploying, promoting, and editing pinery.toml on the way."""
