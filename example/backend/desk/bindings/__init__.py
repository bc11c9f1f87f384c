"""What the browser may do. Every module here is found by itself, as a single ``bindings.py`` would be."""
