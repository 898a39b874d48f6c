"""Access logs and audience exports to profiles: what really came, when, and for what. DuckDB and pandas live here."""
