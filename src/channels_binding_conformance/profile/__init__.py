"""What ``spec/profile.md`` asks of a server that is tried, as a Django app: models, bindings, and what fills them."""
