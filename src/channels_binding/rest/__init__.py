"""HTTP: the same bindings as a REST API."""
