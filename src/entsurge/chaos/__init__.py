"""Perturbations on the run's clock: faults and conservation measures, each a lease that ends by itself."""
