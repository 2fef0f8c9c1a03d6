"""What deployments hold and what came of it: fills -> lots -> positions -> trades. Pure."""
