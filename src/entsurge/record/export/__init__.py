"""A run in formats that other tools read: Parquet, CSV, and HdrHistogram's own logs."""
