"""What a sweep over deployments on paper says: each simulation read once, then all of them together."""
