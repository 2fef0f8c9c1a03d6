"""The way of a strategy to real money: what each stage asks for, and decisions on record. Pure rules."""
