"""Baseline runs kept between pipelines: packed, and put into a folder or an S3 bucket that several jobs share."""
