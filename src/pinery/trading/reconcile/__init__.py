"""Ours against the venue's: what a report changes (``apply``), and what to do where both differ (``compare``). Pure."""
