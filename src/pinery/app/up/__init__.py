"""``pinery up``: a supervisor and its processes (webhook gateway, workers, control API)."""
