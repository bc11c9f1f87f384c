"""Models of many shapes, for every test that needs one: together every field and every relation of Django 5.2.

``everyday`` are the ones that most tests use; the other modules have one theme each. What only PostgreSQL has is in the
app ``zoo_postgres``, which is installed where the tests run on it.
"""

from tests.project.zoo.models.constraints import Booking, Invoice, Step
from tests.project.zoo.models.everyday import Cafe, Guard, Label, LoudNote, Note, Place, Precious, Token
from tests.project.zoo.models.fields import (
    Address,
    Computed,
    Digits,
    Document,
    Flag,
    Lapse,
    Legacy,
    Moment,
    Money,
    Options,
    Prose,
    Vault,
)
from tests.project.zoo.models.files import Attachment, Recipe
from tests.project.zoo.models.inheritance import Article, EspressoBar, QuietArticle, Teahouse
from tests.project.zoo.models.keys import City, Country, Currency, Device, Price, Reading, Seat, Tiny, Watch
from tests.project.zoo.models.relations import (
    Chapter,
    Crew,
    Follow,
    Membership,
    Novel,
    Passport,
    Person,
    Remark,
    Sponsor,
)

__all__ = [
    "Address",
    "Article",
    "Attachment",
    "Booking",
    "Cafe",
    "Chapter",
    "City",
    "Computed",
    "Country",
    "Crew",
    "Currency",
    "Device",
    "Digits",
    "Document",
    "EspressoBar",
    "Flag",
    "Follow",
    "Guard",
    "Invoice",
    "Label",
    "Lapse",
    "Legacy",
    "LoudNote",
    "Membership",
    "Moment",
    "Money",
    "Note",
    "Novel",
    "Options",
    "Passport",
    "Person",
    "Place",
    "Precious",
    "Price",
    "Prose",
    "QuietArticle",
    "Reading",
    "Recipe",
    "Remark",
    "Seat",
    "Sponsor",
    "Step",
    "Teahouse",
    "Tiny",
    "Token",
    "Vault",
    "Watch",
]
