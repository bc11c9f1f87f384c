"""Every form field of Django, under the name of its case, each with a value that it takes."""

import datetime
import decimal
import uuid
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.postgres import forms as postgres
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
from django.utils.translation import gettext_lazy

AT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)
UID = uuid.UUID(int=7)
COLOURS = [("r", "Red"), ("g", "Green")]
GROUPED = [("", "None"), ("Warm", [("r", "Red"), ("o", "Orange")]), ("Cold", [("b", "Blue")])]
NUMBERS = [(1, "One"), (2, "Two")]


class Point(forms.MultiValueField):
    """A project's own: two numbers as text."""

    class Widget(forms.MultiWidget):
        def __init__(self) -> None:
            super().__init__({"x": forms.NumberInput(), "y": forms.NumberInput()})

        def decompress(self, value: Any) -> list[Any]:
            return value.split("/") if value else [None, None]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__([forms.IntegerField(), forms.IntegerField()], widget=self.Widget(), **kwargs)

    def compress(self, data_list: Any) -> str:
        return f"{data_list[0]}/{data_list[1]}" if data_list else ""


FIELDS: dict[str, tuple[forms.Field, Any]] = {
    "char": (forms.CharField(max_length=9, min_length=1), "text"),
    "char with spaces": (forms.CharField(strip=False), " a "),
    "char optional": (forms.CharField(required=False), ""),
    "char null": (forms.CharField(required=False, empty_value=None), None),
    "textarea": (forms.CharField(widget=forms.Textarea), "a\nb"),
    "password": (forms.CharField(widget=forms.PasswordInput), "pw"),
    "hidden": (forms.CharField(widget=forms.HiddenInput), "h"),
    "integer": (forms.IntegerField(min_value=0, max_value=9, step_size=1), 7),
    "integer zero": (forms.IntegerField(), 0),
    "integer beyond 2^53": (forms.IntegerField(), 2**60),
    "integer optional": (forms.IntegerField(required=False), None),
    "float": (forms.FloatField(), 1.5),
    "decimal": (forms.DecimalField(max_digits=8, decimal_places=3), decimal.Decimal("1.500")),
    "decimal localized": (forms.DecimalField(localize=True), decimal.Decimal("1.500")),
    "float localized": (forms.FloatField(localize=True), 1234.5),
    "date": (forms.DateField(), datetime.date(2026, 1, 2)),
    "date optional": (forms.DateField(required=False), None),
    "date in a format": (forms.DateField(input_formats=["%d.%m.%Y"]), datetime.date(2026, 1, 2)),
    "date in three parts": (forms.DateField(widget=forms.SelectDateWidget(years=[2026])), datetime.date(2026, 1, 2)),
    "time": (forms.TimeField(), datetime.time(3, 4, 5, 6)),
    "time in a format": (forms.TimeField(input_formats=["%Hh%M"]), datetime.time(3, 4)),
    "datetime": (forms.DateTimeField(), AT),
    "datetime in a format": (forms.DateTimeField(input_formats=["%d.%m.%Y %H:%M"]), AT),
    "datetime optional": (forms.DateTimeField(required=False), None),
    "split datetime": (forms.SplitDateTimeField(), AT),
    "split hidden datetime": (forms.SplitDateTimeField(widget=forms.SplitHiddenDateTimeWidget()), AT),
    "split datetime optional": (forms.SplitDateTimeField(required=False), None),
    "duration": (forms.DurationField(), datetime.timedelta(days=1, seconds=5, microseconds=7)),
    "duration negative": (forms.DurationField(), -datetime.timedelta(seconds=5)),
    "regex": (forms.RegexField(r"^\d+$"), "123"),
    "email": (forms.EmailField(), "a@example.com"),
    "url": (forms.URLField(assume_scheme="https"), "https://example.com/"),
    "slug": (forms.SlugField(), "a-b"),
    "uuid": (forms.UUIDField(), UID),
    "ip": (forms.GenericIPAddressField(), "::1"),
    "boolean true": (forms.BooleanField(required=False), True),
    "boolean false": (forms.BooleanField(required=False), False),
    "boolean as choice": (forms.TypedChoiceField(choices=[(True, "Yes"), (False, "No")], coerce=lambda v: v == "True"), True),
    "null boolean": (forms.NullBooleanField(), None),
    "null boolean true": (forms.NullBooleanField(), True),
    "null boolean false": (forms.NullBooleanField(), False),
    "choice": (forms.ChoiceField(choices=COLOURS), "r"),
    "choice grouped": (forms.ChoiceField(choices=GROUPED, required=False), "o"),
    "choice radio": (forms.ChoiceField(choices=COLOURS, widget=forms.RadioSelect), "g"),
    "choice of a function": (forms.ChoiceField(choices=lambda: COLOURS), "g"),
    "choice optional": (forms.ChoiceField(choices=GROUPED, required=False), ""),
    "typed choice": (forms.TypedChoiceField(choices=NUMBERS, coerce=int), 2),
    "typed choice optional": (forms.TypedChoiceField(choices=NUMBERS, coerce=int, required=False, empty_value=None), None),
    "multiple choice": (forms.MultipleChoiceField(choices=COLOURS), ["g", "r"]),
    "multiple choice of one": (forms.MultipleChoiceField(choices=COLOURS), ["g"]),
    "multiple choice of none": (forms.MultipleChoiceField(choices=COLOURS, required=False), []),
    "multiple choice boxes": (forms.MultipleChoiceField(choices=GROUPED, widget=forms.CheckboxSelectMultiple), ["b"]),
    "multiple choice hidden": (forms.MultipleChoiceField(choices=COLOURS, widget=forms.MultipleHiddenInput), ["g"]),
    "typed multiple choice": (forms.TypedMultipleChoiceField(choices=NUMBERS, coerce=int), [1, 2]),
    "combo": (forms.ComboField(fields=[forms.CharField(max_length=20), forms.EmailField()]), "a@example.com"),
    "json": (forms.JSONField(), {"a": [1, None, True, "x"]}),
    "json text": (forms.JSONField(), "text"),
    "json number": (forms.JSONField(), 5),
    "json null": (forms.JSONField(required=False), None),
    "file path": (forms.FilePathField(path=str(Path(__file__).parent), match=r"^fields\.py$"), __file__),
    "own multi value": (Point(), "3/4"),
    "disabled": (forms.CharField(disabled=True), "kept"),
    "lazy": (forms.CharField(label=gettext_lazy("Yes"), help_text=gettext_lazy("No")), "x"),
}  # fmt: skip


FIELDS |= {
    "array": (postgres.SimpleArrayField(forms.IntegerField()), [1, 2]),
    "array of texts": (postgres.SimpleArrayField(forms.CharField(max_length=3), max_length=3), ["a", "b"]),
    "array optional": (postgres.SimpleArrayField(forms.CharField(), required=False), []),
    "array in parts": (postgres.SplitArrayField(forms.IntegerField(), size=3), [1, 2, 3]),
    "integer range": (postgres.IntegerRangeField(), NumericRange(1, 5)),
    "integer range without an end": (postgres.IntegerRangeField(), NumericRange(1, None)),
    "integer range optional": (postgres.IntegerRangeField(required=False), None),
    "decimal range": (postgres.DecimalRangeField(), NumericRange(decimal.Decimal("1.5"), decimal.Decimal("2.5"))),
    "date range": (postgres.DateRangeField(), DateRange(datetime.date(2026, 1, 2), datetime.date(2026, 1, 3))),
    "datetime range": (postgres.DateTimeRangeField(), DateTimeTZRange(AT, AT + datetime.timedelta(days=1))),
    "hstore": (postgres.HStoreField(), {"a": "b"}),
}
"""Those of contrib.postgres, which need psycopg and no database."""
