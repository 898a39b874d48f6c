"""One visitor: the HTTP client, pages and outcomes."""
