"""A form as a browser posts it, where JSON is meant: plain data to look at, and REST framework's own input to validate."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict


class PostedForm(dict[str, Any]):
    """``tags=1&due=&title=x`` → ``{"tags": "1", "due": "", "title": "x"}``, which still knows that it was a form.

    By that REST framework reads one value of a list as a list, an empty text as none, an unticked checkbox as false.
    """

    def __init__(self, query: QueryDict, files: Mapping[str, Any], others: Mapping[str, Any] | None = None) -> None:
        super().__init__({name: values if len(values) > 1 else values[0] for name, values in query.lists()})
        self.update(others or {})
        self._query, self._files, self._others = query, files, others or {}

    def but(self, *names: str) -> "PostedForm":
        """Without some of the names."""
        query = self._query.copy()
        for name in names:
            query.pop(name, None)
        others = {name: value for name, value in self._others.items() if name not in names}
        return PostedForm(query, self._files, others)

    def beside(self, **others: Any) -> "PostedForm":
        """With further members, which no form has said."""
        return PostedForm(self._query, self._files, {**self._others, **others})

    def names(self) -> set[str]:
        """Names of fields, of which a form writes parts: ``tags[0]``, ``owner.name`` → ``{"tags", "owner"}``."""
        return {name.partition("[")[0].partition(".")[0] for name in self}

    def as_input(self) -> QueryDict:
        """What REST framework's serializers are given of a form, with its files."""
        query = self._query.copy()
        for name, value in self._others.items():
            query.setlist(name, value if isinstance(value, list) else [value])
        for name in self._files:
            query.setlist(name, self._files.getlist(name) if hasattr(self._files, "getlist") else [self._files[name]])
        return query


def but(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Data without some of its names; of a form, a form."""
    if isinstance(data, PostedForm):
        return data.but(*names)
    return {name: value for name, value in data.items() if name not in names}
