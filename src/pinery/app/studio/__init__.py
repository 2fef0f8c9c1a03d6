"""What the dashboard works with beside the store: scripts, checks, backtests, backups."""
