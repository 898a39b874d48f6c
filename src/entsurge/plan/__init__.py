"""From an audience to every visit of a run: exact rates, seeded arrivals. Pure: the same on every machine."""
