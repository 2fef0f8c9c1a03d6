"""Implementations of the ports: databases, brokers, channels, feeds. Independent of each other."""
