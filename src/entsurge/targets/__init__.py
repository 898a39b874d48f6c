"""A target: a file that says where, for whom, until when, as whom, and what may be written."""
