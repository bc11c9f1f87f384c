"""The help desk: settings, addresses, transports."""
