"""One module per command; each has a `command`. Imported only when called."""
