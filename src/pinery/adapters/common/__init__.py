"""What several adapters need: options read with every mistake found, hosts of this machine, waiting for events."""
