"""The mini-program's JSON, under /api/v1."""
