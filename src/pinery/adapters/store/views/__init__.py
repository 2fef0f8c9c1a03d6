"""Read models: what lists and panels show, for the command line and the API alike."""
