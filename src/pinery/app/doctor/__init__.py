"""``pinery doctor``: the three ways in which trading fails, each walked from its first cause to its last."""
