"""Price feeds for accounts without a venue of their own; the port is ``trading.prices.PriceFeed``."""
