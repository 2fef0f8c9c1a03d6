"""Markets for charts, and the prices of accounts without a venue of their own.

The ports are ``charts.feed.ChartFeed`` and ``trading.prices.PriceFeed``.
"""
