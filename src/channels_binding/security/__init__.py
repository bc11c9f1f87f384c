"""Who calls, from where, and what DRF's permission and throttle classes say to it."""
