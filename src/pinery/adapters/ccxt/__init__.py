"""Any exchange that the ccxt library knows: contracts, market, limit and stop orders, state by asking again."""
