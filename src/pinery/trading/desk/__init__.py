"""The loop of an account: decides on its signals, sends its orders, takes what the broker reports."""
