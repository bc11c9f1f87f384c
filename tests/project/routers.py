from typing import Any


class ArchiveRouter:
    """The second database holds what every database can: no tables of PostgreSQL's own fields."""

    depends_on_caller = False

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        return False if db == "archive" and app_label not in ("zoo", "auth", "contenttypes") else None
