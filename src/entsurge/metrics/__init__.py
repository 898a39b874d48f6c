"""Prometheus: the exporter of a run, what a target's own endpoint says, and the push to a gateway."""
