"""The demo's rows: the same every time, made in memory. ``load_demo`` stores them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from desk.models import Ticket

USERS, CUSTOMERS, TICKETS = 102, 200, 10_000
TEAMS = ("Support", "Billing", "Field", "Sales")
LOGINS = ("admin", "manager", "agent")
TAGS = {
    "bug": "#c62828", "how-to": "#1565c0", "refund": "#6a1b9a", "invoice": "#4527a0", "delivery": "#00695c",
    "hardware": "#4e342e", "network": "#0277bd", "login": "#ad1457", "feature": "#2e7d32", "urgent-call": "#d84315",
    "contract": "#37474f", "feedback": "#9e9d24",
}  # fmt: skip


def words(text: str) -> tuple[str, ...]:
    """``"Ann Ben"`` → ``("Ann", "Ben")``."""
    return tuple(text.split())


FIRST_NAMES = words(
    "Amara Ben Chiara David Elif Farid Grace Hugo Ines Jonas Keiko Lena Malik Nora Oscar Paula Quentin Rosa Sofia "
    "Tomas Uma Viktor Wanda Ximena Yusuf Zoe"
)
LAST_NAMES = words(
    "Adler Bauer Costa Dubois Evans Fischer Garcia Haddad Ivanov Jensen Kowalski Laurent Moreau Nakamura Okafor Petrov "
    "Quist Rossi Silva Tanaka Ueda Vogel Weber Xu Yilmaz Zimmer"
)
CITIES = words("Lyon Porto Hamburg Kraków Gent Torino Malmö Graz Leeds Cork Tartu Split Bilbao Brno Utrecht Aarhus")
COMPANIES = words(
    "Acme Borealis Cobalt Delta Ember Fjord Granite Harbor Indigo Juniper Kestrel Lumen Meridian Nimbus Orchard"
)
SUBJECTS = {
    "Support": (
        "Cannot sign in to {}", "{} shows an empty page", "How do I export from {}?", "{} is slow since today",
        "Password reset for {} never arrives", "Umlauts are broken in {}", "{} logs me out every few minutes",
        "Who may see what in {}?",
    ),
    "Billing": (
        "Invoice for {} is wrong", "Refund for {}", "Charged twice for {}", "New tax number on {}",
        "Reminder for {}, although we have paid", "Discount missing on {}", "Please split the invoice for {}",
        "Copy of the last invoice for {}",
    ),
    "Field": (
        "{} does not start", "Replace the battery of {}", "{} lost its network", "Install {} on site",
        "{} makes a strange noise", "Yearly check of {}", "Move {} to the second floor", "Spare part for {}",
    ),
    "Sales": (
        "Quote for {}", "More seats for {}", "End of contract for {}", "Trial of {}", "Price of {} for a school",
        "Can {} be rented?", "Compare {} with what we have", "Delivery time of {}",
    ),
}  # fmt: skip
THINGS = (
    "the portal", "the mobile app", "the report builder", "the warehouse scanner", "the label printer", "the till",
    "the calendar", "the new router", "the backup", "the price list", "the meeting room", "the web shop",
    "the phone system", "the time clock", "the coffee machine", "the badge reader", "the projector", "the file server",
    "the newsletter", "the delivery app", "the stock list", "the front door", "the video wall", "the archive",
)  # fmt: skip
SENTENCES = (
    "It worked yesterday.", "We have tried it in two browsers.", "Please call back before noon.",
    "Nobody in our office can work.", "There is no hurry.", "A screenshot follows.", "This is the third time.",
    "Thank you for the quick answer last time!",
)  # fmt: skip
STEPS = ("Call the customer", "Look at the log", "Order the part", "Try it again", "Write down what helped")
REMARKS = (
    "I am on it.", "Asked the customer for details.", "Waiting for the supplier.", "Reproduced here.",
    "Done, please check.",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A user or a customer, before it has a key."""

    username: str
    first_name: str
    last_name: str

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


def people(count: int, offset: int) -> Iterator[Person]:
    """Names with unique usernames, in a fixed order: ``amara.adler``, ``ben.costa``, … The first 676 differ."""
    for number in range(offset, offset + count):
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[(number * 2 + number // len(FIRST_NAMES)) % len(LAST_NAMES)]
        yield Person(f"{first}.{last}".lower(), first, last)


def subject(chance: random.Random, team: str) -> str:
    """``"Refund for the web shop"``: what someone would write to this team."""
    text = chance.choice(SUBJECTS[team]).format(chance.choice(THINGS))
    return text[0].upper() + text[1:]


DAYS = 90
"""How far back the oldest ticket goes."""


def moments(chance: random.Random, count: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """When each of so many tickets was made and last changed, the oldest first: most were settled within days."""
    ages = sorted((timedelta(days=DAYS * chance.random()) for _ in range(count)), reverse=True)
    takes = (min(timedelta(hours=chance.expovariate(1 / 30)), age * chance.random()) for age in ages)
    return [(now - age, now - age + took) for age, took in zip(ages, takes, strict=True)]


def ticket(chance: random.Random, today: date, team: str, keys: dict[str, int | None]) -> Ticket:
    """One unsaved ticket; ``keys`` are its ``group_id``, ``customer_id`` and ``assignee_id``."""
    return Ticket(
        title=subject(chance, team),
        body=" ".join(chance.sample(SENTENCES, 3)),
        status=chance.choices(Ticket.Status.values, (4, 2, 3, 5))[0],
        priority=chance.choices(Ticket.Priority.values, (3, 6, 2, 1))[0],
        due_date=today + timedelta(days=chance.randint(-30, 60)) if chance.random() < 0.8 else None,
        price=Decimal(chance.randint(0, 250_000)) / 100,
        **keys,
    )
