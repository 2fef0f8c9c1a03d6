"""Binance USDⓈ-M Futures: orders, streams and market data."""
