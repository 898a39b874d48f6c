"""Visits recorded in a browser (HAR files), and drivers drafted from them."""
