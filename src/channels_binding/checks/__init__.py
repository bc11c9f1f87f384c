"""System checks: of each binding, and of the project around them."""
