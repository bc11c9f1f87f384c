"""Django's forms and formsets as JSON, and the files that are posted or uploaded to them."""
