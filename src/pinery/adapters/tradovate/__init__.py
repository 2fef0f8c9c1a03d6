"""Tradovate: CME futures, orders, streams and market data."""
