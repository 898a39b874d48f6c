"""How a visitor signs on, as a browser does it: one method a file, each hop recorded."""
