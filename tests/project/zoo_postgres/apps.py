from django.apps import AppConfig


class ZooPostgresConfig(AppConfig):
    name = "tests.project.zoo_postgres"
    label = "zoo_postgres"
    default_auto_field = "django.db.models.BigAutoField"
