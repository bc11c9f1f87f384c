"""DRF's serializers as a binding uses them: the default one, its fields, keys as they travel, and what a serializer reads."""
