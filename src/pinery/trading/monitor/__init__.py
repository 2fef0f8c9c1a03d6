"""The protection of positions: what goes in with an entry, and the second line that watches what is held. Pure."""
