"""Back ends: what runs the IR."""
