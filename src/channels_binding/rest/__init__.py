"""Door 2, HTTP: the same bindings as a REST API."""
