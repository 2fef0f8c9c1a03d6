"""What the paper venue keeps, and the port to where it keeps it: the store implements it for the paper account."""
