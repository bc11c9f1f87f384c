from django.urls import reverse


def test_the_endpoint_has_a_name_wherever_it_is_included() -> None:
    assert reverse("channels_binding_mcp") == "/mcp/"
