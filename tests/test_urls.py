"""Where the REST API lives."""

import pytest
from django.urls import resolve, reverse

from channels_binding.rest.views import FormView, RowView, StreamView


@pytest.mark.parametrize(
    ("path", "view", "kwargs"),
    [
        ("/api/desk.Ticket/", StreamView, {"stream": "desk.Ticket"}),
        ("/api/custom_stream/", StreamView, {"stream": "custom_stream"}),
        ("/api/desk.Ticket/7/", RowView, {"stream": "desk.Ticket", "name": "7"}),
        ("/api/desk.Ticket/close/", RowView, {"stream": "desk.Ticket", "name": "close"}),
        ("/api/desk.Ticket/form/", FormView, {"stream": "desk.Ticket"}),
        ("/api/desk.Ticket/7/form/", FormView, {"stream": "desk.Ticket", "name": "7"}),
    ],
)
def test_a_path_leads_to_its_view(path: str, view: type, kwargs: dict[str, str]) -> None:
    match = resolve(path)
    assert (match.func.view_class, match.kwargs) == (view, kwargs)  # type: ignore[attr-defined]


def test_a_row_has_an_address() -> None:
    assert reverse("channels_binding:row", args=("desk.Ticket", 7)) == "/api/desk.Ticket/7/"
