"""Numbers for officials: read-only, each with its formula."""
