"""Charts on a market that is going on: feeds, bars in the making, scripts evaluated on them, the alerts they fire."""
