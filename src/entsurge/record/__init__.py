"""What happened, written down as it happens: histograms, visits, events, failures, and the Prometheus exporter."""
