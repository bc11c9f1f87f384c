"""Bindings as tools of the Model Context Protocol, for language models: the extra ``mcp``. docs/howto/mcp.md shows how."""
