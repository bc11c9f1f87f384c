"""docs/howto/watch.md, tried in the project that it makes."""

from django.test import TestCase
from shop.metrics import TOKEN


class Watched(TestCase):
    def test_what_the_page_says(self):
        assert self.client.get("/metrics/").status_code == 403
        assert self.client.get("/metrics/", headers={"Authorization": "Bearer wrong"}).status_code == 403
        answer = self.client.get("/metrics/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer["Content-Type"].startswith("text/plain")
        said = dict(line.split(" ") for line in answer.text.splitlines())
        assert said["channels_binding_connections"] == "0.0"
        assert said["channels_binding_is_silent"] == "0.0"
        assert float(said["channels_binding_sent_total"]) >= 0
