"""A venue that speaks Tradovate."""
