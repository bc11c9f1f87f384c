"""docs/howto/watch.md, tried in the project that it makes."""

from unittest.mock import patch

from django.test import TestCase


class Watched(TestCase):
    @patch("shop.metrics.TOKEN", "secret")
    def test_what_the_page_says(self):
        assert self.client.get("/metrics/").status_code == 403
        assert self.client.get("/metrics/", headers={"Authorization": "Bearer wrong"}).status_code == 403
        answer = self.client.get("/metrics/", headers={"Authorization": "Bearer secret"})
        assert answer["Content-Type"].startswith("text/plain")
        said = dict(line.split(" ") for line in answer.text.splitlines())
        assert said["channels_binding_connections"] == "0.0"
        assert said["channels_binding_is_silent"] == "0.0"
        assert float(said["channels_binding_sent_total"]) >= 0

    def test_without_a_token_nobody_is_let_in(self):
        assert self.client.get("/metrics/", headers={"Authorization": "Bearer "}).status_code == 403
