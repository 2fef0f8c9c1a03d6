"""``pinery demo``: the whole of Pinery on a market that is made up, with no account and no network."""
