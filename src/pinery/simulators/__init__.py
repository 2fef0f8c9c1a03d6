"""Venues to rehearse on: servers on this machine that speak the brokers' protocols, for clients that know no better."""
