"""The readers of a run directory: the only ones that open its files."""
