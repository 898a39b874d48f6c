"""Which measure buys what: the design of a trial, what one run served, what all runs say together."""
