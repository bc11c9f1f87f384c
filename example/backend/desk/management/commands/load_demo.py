"""``manage.py load_demo``: fills an empty database with the demo's users, teams, customers and tickets."""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.utils import timezone

from desk import demo_data as demo
from desk.models import MANAGERS, Comment, Customer, Step, Tag, Ticket


class Command(BaseCommand):
    help = "Loads 102 users, 200 customers and 10,000 tickets, the same every time. Does nothing if they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        # Nobody is served yet: no socket of another process has to hear of these rows.
        logging.getLogger("channels_binding").setLevel(logging.ERROR)
        started = time.perf_counter()
        with transaction.atomic():
            if User.objects.filter(username__in=demo.LOGINS).exists():
                self.stdout.write("The demo's rows are already there.")
                return
            load(random.Random(2024))
        counted = f"{demo.USERS} users, {demo.CUSTOMERS} customers, {demo.TICKETS:,} tickets"
        self.stdout.write(f"Loaded {counted} in {time.perf_counter() - started:.1f} s.")


def load(chance: random.Random) -> None:
    """All rows, in the order in which they need each other."""
    teams = [Group.objects.get_or_create(name=name)[0] for name in demo.TEAMS]
    members = load_users(chance, teams)
    customers = load_customers(chance)
    tags = Tag.objects.bulk_create(Tag(name=name, color=color) for name, color in demo.TAGS.items())
    tickets = load_tickets(chance, members, customers)
    load_tags(chance, tickets, tags)
    load_comments(chance, tickets)
    load_steps(chance, tickets)


def login(name: str) -> User:
    """Someone who signs in with their name as password."""
    email, password = f"{name}@example.com", make_password(name)
    return User(username=name, first_name=name.capitalize(), last_name="Demo", email=email, password=password)


def load_users(chance: random.Random, teams: list[Group]) -> dict[Group, list[User]]:
    """The three logins and 99 colleagues → the members of each team. ``agent`` is in Support."""
    logins = [login(name) for name in demo.LOGINS]
    admin, manager, agent = logins
    admin.is_staff = admin.is_superuser = True
    colleagues = [
        User(
            username=person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            password=make_password(None),
            is_active=chance.random() < 0.95,
        )
        for person in demo.people(demo.USERS - len(logins), offset=1)
    ]
    User.objects.bulk_create([*logins, *colleagues])
    managers, _ = Group.objects.get_or_create(name=MANAGERS)
    managers.user_set.add(manager)
    members: dict[Group, list[User]] = {team: colleagues[number :: len(teams)] for number, team in enumerate(teams)}
    members[teams[0]].append(agent)
    for team, users in members.items():
        team.user_set.add(*users)
    return {team: [user for user in users if user.is_active] for team, users in members.items()}


def load_customers(chance: random.Random) -> list[Customer]:
    today = timezone.localdate()
    return Customer.objects.bulk_create(
        Customer(
            name=f"{person.first_name} {person.last_name}",
            email=f"{person.username}@customers.example.com",
            company=chance.choice(demo.COMPANIES),
            city=chance.choice(demo.CITIES),
            vip=chance.random() < 0.1,
            since=today - timedelta(days=chance.randint(0, 3000)),
        )
        for person in demo.people(demo.CUSTOMERS, offset=300)
    )


@contextmanager
def times_as_given(*fields: Any) -> Iterator[None]:
    """Stores what the rows say instead of now, for fields with ``auto_now`` or ``auto_now_add``."""
    kept = [(field, field.auto_now, field.auto_now_add) for field in fields]
    for field in fields:
        field.auto_now = field.auto_now_add = False
    try:
        yield
    finally:
        for field, auto_now, auto_now_add in kept:
            field.auto_now, field.auto_now_add = auto_now, auto_now_add


def fields_of(model: type[models.Model], *names: str) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


def load_tickets(chance: random.Random, members: dict[Group, list[User]], customers: list[Customer]) -> list[Ticket]:
    """Tickets of all teams, Support having the most; four in five have an assignee, of their team."""
    today, teams = timezone.localdate(), list(members)
    tickets = []
    moments = demo.moments(chance, demo.TICKETS, timezone.now())
    for team, (created, updated) in zip(chance.choices(teams, (4, 3, 2, 1), k=demo.TICKETS), moments, strict=True):
        assignee = chance.choice(members[team]) if chance.random() < 0.8 else None
        keys: dict[str, int | None] = {"group_id": team.pk, "customer_id": chance.choice(customers).pk}
        keys["assignee_id"] = assignee.pk if assignee else None
        ticket = demo.ticket(chance, today, team.name, keys)
        ticket.created, ticket.updated = created, updated
        ticket.due_date = ticket.due_date and created.date() + timedelta(days=chance.randint(2, 40))
        tickets.append(ticket)
    with times_as_given(*fields_of(Ticket, "created", "updated")):
        return Ticket.objects.bulk_create(tickets, batch_size=1000)


def load_tags(chance: random.Random, tickets: list[Ticket], tags: list[Tag]) -> None:
    """None to three tags for each ticket."""
    through = Ticket.tags.through
    links = (
        through(ticket_id=ticket.pk, tag_id=tag.pk)
        for ticket in tickets
        for tag in chance.sample(tags, chance.choices((0, 1, 2, 3), (3, 4, 2, 1))[0])
    )
    through.objects.bulk_create(links, batch_size=2000)


def load_comments(chance: random.Random, tickets: list[Ticket]) -> None:
    """About 3,000 remarks, by whom the ticket is assigned to."""
    comments = (
        Comment(ticket=ticket, author_id=ticket.assignee_id, text=chance.choice(demo.REMARKS), created=ticket.updated)
        for ticket in tickets
        if ticket.assignee_id and chance.random() < 0.37
    )
    with times_as_given(*fields_of(Comment, "created")):
        Comment.objects.bulk_create(comments, batch_size=1000)


def load_steps(chance: random.Random, tickets: list[Ticket]) -> None:
    """Two or three steps for one ticket in ten."""
    Step.objects.bulk_create(
        (
            Step(ticket=ticket, text=text, minutes=chance.choice((5, 10, 30)), done=place == 1, position=place)
            for ticket in chance.sample(tickets, len(tickets) // 10)
            for place, text in enumerate(chance.sample(demo.STEPS, chance.choice((2, 3))), 1)
        ),
        batch_size=1000,
    )
