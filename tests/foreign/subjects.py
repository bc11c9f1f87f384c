"""One entry for each bound model: how a row of it is made, what is changed of it, and which writes it has."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sessions.models import Session
from django.contrib.sites.models import Site
from django.db import models
from djmoney.money import Money
from taggit.models import Tag, TaggedItem

from tests.foreign.project.shop.models import (
    Animal,
    Article,
    Category,
    Dog,
    Food,
    Job,
    Note,
    Person,
    Place,
    Poll,
    Product,
)

HistoricalPoll: Any = Poll.history.model
MOMENT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Subject:
    model: type[models.Model]
    row: Callable[[int], dict[str, Any]]
    """Values of the n-th row."""
    change: tuple[str, Any]
    """A field that holds text or a truth value, and what it becomes."""
    many: str | None = None
    """A many-to-many relation."""
    moving: tuple[str, ...] = ()
    """Fields whose values are made for each row, or at each write."""
    without: tuple[str, ...] = ()
    """Writes that Django or the package refuses for it."""
    then: Callable[[Any], Any] = lambda row: None
    """What a new row needs besides its values."""

    @property
    def stream(self) -> str:
        return self.model._meta.label

    def made(self, n: int) -> Any:
        row = self.model._base_manager.create(**self.row(n))
        self.then(row)
        return row

    def taken_away(self, row: Any) -> None:
        row.delete(**({"soft": False} if self.model is Note else {}))

    def __str__(self) -> str:
        return self.stream


def content_type() -> Any:
    return ContentType.objects.get_for_model(User)


def user() -> Any:
    return get_user_model().objects.get(username="ann")


def on_this_site(page: Any) -> None:
    page.sites.add(1)


def named(n: int) -> dict[str, Any]:
    return {"name": f"n{n}"}


INHERITED = ("bulk_create",)
"""Django creates no rows of several tables in bulk."""
TREE = ("bulk_create",)
"""Without its place in the tree a node cannot be stored."""

SUBJECTS = [
    Subject(Permission, lambda n: {**named(n), "codename": f"c{n}", "content_type": content_type()}, ("name", "new")),
    Subject(Group, named, ("name", "new"), many="permissions"),
    Subject(User, lambda n: {"username": f"u{n}"}, ("first_name", "new"), many="groups", moving=("date_joined",)),
    Subject(
        LogEntry,
        lambda n: {
            "user": user(),
            "content_type": content_type(),
            "object_id": str(n),
            "object_repr": f"o{n}",
            "action_flag": 1,
            "change_message": "",
        },
        ("object_repr", "new"),
        moving=("action_time",),
    ),
    Subject(Site, lambda n: {**named(n), "domain": f"d{n}.example"}, ("name", "new")),
    Subject(Redirect, lambda n: {"site": Site.objects.get(pk=1), "old_path": f"/{n}/"}, ("new_path", "/new/")),
    Subject(FlatPage, lambda n: {"url": f"/{n}/", "title": f"t{n}"}, ("title", "new"), many="sites", then=on_this_site),
    Subject(
        Session,
        lambda n: {"session_key": f"k{n}", "session_data": "x", "expire_date": MOMENT + datetime.timedelta(days=9999)},
        ("session_data", "new"),
    ),
    Subject(ContentType, lambda n: {"app_label": f"a{n}", "model": f"m{n}"}, ("model", "new")),
    Subject(Tag, lambda n: {**named(n), "slug": f"n{n}"}, ("name", "new")),
    Subject(
        TaggedItem,
        lambda n: {
            "tag": Tag.objects.get_or_create(name="t", slug="t")[0],
            "content_type": content_type(),
            "object_id": n,
        },
        ("object_id", 999),
    ),
    Subject(Food, named, ("name", "new"), many="tags"),
    Subject(Category, named, ("name", "new"), moving=("lft", "rght", "tree_id"), without=TREE),
    Subject(Animal, named, ("name", "new")),
    Subject(Dog, lambda n: {**named(n), "breed": "pug"}, ("breed", "new"), without=INHERITED),
    Subject(Product, lambda n: {**named(n), "price": Money(n, "EUR")}, ("name", "new")),
    Subject(Poll, lambda n: {"question": f"q{n}"}, ("question", "new")),
    Subject(
        HistoricalPoll,
        lambda n: {"id": n, "question": f"q{n}", "history_date": MOMENT, "history_type": "+"},
        ("question", "new"),
    ),
    Subject(
        Article,
        lambda n: {"title": f"t{n}", "body": "long"},
        ("title", "new"),
        moving=("created", "modified", "status_changed"),
    ),
    Subject(Note, named, ("name", "new")),
    Subject(Job, named, ("name", "new")),
    Subject(Person, lambda n: {**named(n), "country": "NZ", "visited": ["DE", "FR"]}, ("name", "new")),
    Subject(Place, lambda n: {**named(n), "zone": "Asia/Tokyo"}, ("name", "new")),
]
