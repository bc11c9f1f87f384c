"""Full text search of PostgreSQL: rows that match what somebody types into a search box, the best first."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from django.db import connections, models
from django.db.models import F, QuerySet

VECTOR, RANK = "_cb_vector", "_cb_rank"
"""What the queryset calls what is searched, and how well a row matches."""
WEIGHTS = ("A", "B", "C", "D")

Vector = str | Mapping[str, str]
"""A column that holds a vector, ``"document"``, or the fields that make one, with weights: ``{"title": "A", "body": "B"}``."""


def is_possible(queryset: QuerySet[Any]) -> bool:
    """Whether the database has it."""
    return connections[queryset.db].vendor == "postgresql"


def matching(queryset: QuerySet[Any], vector: Vector, config: str | None, text: str) -> QuerySet[Any]:
    """Rows that match, to be ordered by ``RANK``. The text is one of a search engine: ``tall "oak tree" or elm -pine``."""
    from django.contrib.postgres.search import SearchQuery, SearchRank

    query = SearchQuery(text, search_type="websearch", config=config)
    found = queryset.alias(**{VECTOR: _made(vector, config)}).filter(**{VECTOR: query})
    ranked: QuerySet[Any] = found.alias(**{RANK: SearchRank(F(VECTOR), query)})
    return ranked


def _made(vector: Vector, config: str | None) -> Any:
    from django.contrib.postgres.search import SearchVector

    if isinstance(vector, str):
        return F(vector)
    return reduce(add, (SearchVector(path, weight=weight, config=config) for path, weight in vector.items()))


def fields_of(vector: Vector) -> Sequence[str]:
    """The fields that make a vector; none of a column that holds one."""
    return () if isinstance(vector, str) else tuple(vector)


def problem_of(model: type[models.Model], vector: Any) -> str | None:
    """Why a declaration is none; None where it is one. To-many relations are refused: they would show a row several times."""
    if isinstance(vector, str):
        columns = [each for each in model._meta.concrete_fields if each.name == vector]
        is_vector = [type(each).__name__ for each in columns] == ["SearchVectorField"]
        return None if is_vector else f"{vector!r}, which is no SearchVectorField of the model"
    if not isinstance(vector, Mapping):
        return f"{vector!r}, which is neither the name of a SearchVectorField nor {{field: weight}}"
    for path, weight in vector.items():
        if weight not in WEIGHTS:
            return f"{weight!r} for {path!r}, which is none of A, B, C and D"
        if _leads_to_many(model, path):
            return f"{path!r}, which leads to many rows, or nowhere"
    return None


def _leads_to_many(model: Any, path: str) -> bool:
    for name in path.split("__"):
        field = None if model is None else next((each for each in model._meta.get_fields() if each.name == name), None)
        if field is None or field.many_to_many or field.one_to_many:
            return True
        model = field.related_model
    return False
