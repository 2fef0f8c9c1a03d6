"""Formats of other services' messages, one file each, by their public documentation."""
