"""What needs a package that not everybody has: one module each. Nothing else imports them; settings name them."""
