"""Bindings for files, keys, relations, inheritance and constraints."""

from django.forms import inlineformset_factory

from channels_binding.consumers import AsyncBinding, Binding
from tests.project.zoo.models import (
    Article,
    Attachment,
    Booking,
    Chapter,
    City,
    Country,
    Crew,
    Currency,
    Device,
    EspressoBar,
    Follow,
    Invoice,
    Membership,
    Novel,
    Passport,
    Person,
    Price,
    QuietArticle,
    Reading,
    Recipe,
    Remark,
    Seat,
    Sponsor,
    Step,
    Teahouse,
    Tiny,
    Watch,
)


class AttachmentBinding(AsyncBinding):
    model = Attachment
    fields = ("id", "name", "file", "picture", "width", "height")


class RecipeBinding(AsyncBinding):
    model = Recipe
    fields = ("id", "path", "spare")


class CountryBinding(AsyncBinding):
    model = Country
    fields = ("code", "name")
    search_fields = ("code", "name")


class CityBinding(AsyncBinding):
    model = City
    fields = ("id", "country", "name")
    filterset_fields = {"country": ["exact"], "country__name": ["icontains"]}


class CurrencyBinding(AsyncBinding):
    model = Currency
    fields = ("id", "code", "name")


class PriceBinding(AsyncBinding):
    model = Price
    fields = ("id", "currency", "second", "amount")
    filterset_fields = ("currency",)


class DeviceBinding(AsyncBinding):
    model = Device
    fields = ("serial", "name")


class ReadingBinding(AsyncBinding):
    model = Reading
    fields = ("id", "device", "value")
    filterset_fields = ("device",)


class WatchBinding(AsyncBinding):
    model = Watch
    fields = ("device", "label")


class SeatBinding(AsyncBinding):
    model = Seat
    fields = ("row", "place", "guest")
    filterset_fields = ("row",)


class TinyBinding(AsyncBinding):
    model = Tiny
    fields = ("id", "name")


class PersonBinding(AsyncBinding):
    model = Person
    fields = ("id", "name", "mentor", "friends", "follows", "pupils")
    read_only_fields = ("follows", "pupils")
    filterset_fields = {"mentor": ["exact", "isnull"], "friends": ["exact"]}
    search_fields = ("name",)


class FollowBinding(Binding):
    model = Follow
    fields = ("id", "follower", "followed", "since")


class PassportBinding(AsyncBinding):
    model = Passport
    fields = ("person", "number")


class SponsorBinding(AsyncBinding):
    model = Sponsor
    fields = ("id", "person", "pays")


class CrewBinding(Binding):
    model = Crew
    fields = ("id", "name", "members")
    read_only_fields = ("members",)


class MembershipBinding(AsyncBinding):
    model = Membership
    fields = ("id", "crew", "person", "role")
    filterset_fields = ("crew", "person")


class RemarkBinding(AsyncBinding):
    model = Remark
    fields = ("id", "text", "content_type", "object_id")


class NovelBinding(AsyncBinding):
    model = Novel
    fields = ("id", "title", "sold_in", "heroes", "chapters")
    read_only_fields = ("chapters",)
    filterset_fields = ("sold_in", "heroes")


class SerialBinding(AsyncBinding):
    """A novel that is written chapter by chapter: rows beside a form."""

    stream = "zoo.Serial"
    model = Novel
    fields = ("id", "title")
    formsets = {"chapters": inlineformset_factory(Novel, Chapter, fields=("title",), max_num=4, validate_max=True)}


class ChapterBinding(AsyncBinding):
    model = Chapter
    fields = ("id", "novel", "title")
    filterset_fields = ("novel",)


class EspressoBarBinding(AsyncBinding):
    model = EspressoBar
    fields = ("id", "name", "seats", "machine", "is_open")
    filterset_fields = {"name": ["icontains"], "seats": ["gte"], "is_open": ["exact"]}


class TeahouseBinding(AsyncBinding):
    model = Teahouse
    fields = ("name", "leaves")


class ArticleBinding(AsyncBinding):
    model = Article
    fields = ("id", "headline", "is_quiet", "created_at", "updated_at")
    bulk = "atomic"
    search_fields = ("headline",)


class QuietArticleBinding(AsyncBinding):
    model = QuietArticle
    fields = ("id", "headline", "is_quiet")


class BookingBinding(AsyncBinding):
    model = Booking
    fields = ("id", "room", "day", "name", "is_cancelled")
    bulk = "independent"
    max_bulk = 3
    filterset_fields = {"room": ["exact"], "day": ["gte"]}


class StepBinding(AsyncBinding):
    model = Step
    fields = ("id", "day", "code", "low", "high")
    full_clean = True


class InvoiceBinding(AsyncBinding):
    model = Invoice
    fields = ("id", "number", "total")
