"""A venue that speaks Binance USDⓈ-M Futures."""
