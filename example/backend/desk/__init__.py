"""A help desk: customers write, teams answer."""
