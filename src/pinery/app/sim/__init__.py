"""``pinery sim``: a venue on this machine, to rehearse on."""
