"""The broker emulator: what TradingView's Strategy Tester does with a strategy's orders."""
