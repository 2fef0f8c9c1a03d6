"""The charts of deployments: Pine scripts on live bars, and their alerts on the way to the inbox."""
