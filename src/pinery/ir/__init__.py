"""The intermediate representation: typed trees with every name, state slot and history made explicit."""
