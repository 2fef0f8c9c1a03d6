"""The strategy tester: a backtest, its figures, its list of trades, its report."""
