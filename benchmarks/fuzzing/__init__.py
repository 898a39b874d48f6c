"""What `fuzz.py` is made of: readers and their inputs, mutations by structure, children in which a read may fail."""
