"""What the streams of a project take and answer, written down: OpenAPI for HTTP, AsyncAPI for the socket, TypeScript.

Needs drf-spectacular (the extra ``openapi``), which knows the JSON Schema of every serializer. Nothing else here does.
"""
