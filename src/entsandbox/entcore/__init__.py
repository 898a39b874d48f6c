"""The face of entcore (Edifice, Open ENT NG): its sign-on, its applications' pages, the JSON behind them.

Routes, cookies, field names and signs are facts read in public code; docs/sandbox.md names each source. None of this is
entcore's code, and none of it was held against a running entcore.
"""
