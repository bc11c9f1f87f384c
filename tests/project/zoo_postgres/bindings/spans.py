from channels_binding.consumers import AsyncBinding
from tests.project.zoo_postgres.models import Basket, Span


class BasketBinding(AsyncBinding):
    model = Basket
    fields = ("id", "numbers", "words", "board")


class SpanBinding(AsyncBinding):
    model = Span
    fields = ("id", "whole", "wide", "exact", "days", "instants")
