"""A deployment on paper, driven by the same plan as a run; what comes of it is a run directory."""
