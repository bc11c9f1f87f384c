"""Rows without serializer objects: what a stock serializer shows, straight from the database to bytes."""
