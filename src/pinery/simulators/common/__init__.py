"""What simulators share: the market, faults on demand, a book that survives, serving."""
