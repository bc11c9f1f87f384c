"""The help desk: settings, addresses, doors."""
