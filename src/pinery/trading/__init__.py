"""From a signal to a reconciled order, without a clock, a network or a database of its own.

This row holds the rules (what a signal means, how large an order is, which risk check denies it, how an order's
state moves, what a fill does to a position) and the ports (``store``, ``broker``, ``clock``) that adapters implement.
"""
