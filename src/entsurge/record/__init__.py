"""The run directory, whole: its layout and schema, the writer, the readers; nobody else opens its files."""
