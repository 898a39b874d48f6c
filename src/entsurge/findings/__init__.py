"""What was found of runs, typed: `analysis` fills it in, `render` words it, `serial` writes it as JSON.

Frozen dataclasses without words or sums of their own; a module a subject. Percentages are of 100, shares from 0 to 1,
times in seconds of the run unless a name says otherwise; None is what is not known.
"""
