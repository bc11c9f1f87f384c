"""Whose a connection is, looked up again when it may have changed: users, sessions, memberships and tokens."""
