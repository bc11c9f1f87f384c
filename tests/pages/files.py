"""docs/howto/files.md, tried in the project that it makes."""

import tempfile

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase, override_settings

from channels_binding.exceptions import Invalid, TooLarge
from channels_binding.testing import BindingClient
from shop.models import Receipt


@override_settings(MEDIA_ROOT=tempfile.mkdtemp())
class Files(TestCase):
    def setUp(self):
        self.ann, self.bob = User.objects.create_user("ann"), User.objects.create_user("bob")
        self.client.force_login(self.ann)

    def uploaded(self, name="a.pdf", body=b"%PDF"):
        answer = self.client.post("/api/upload/", {"file": SimpleUploadedFile(name, body)})
        assert answer.status_code in (201, 413), answer.content
        return answer

    def test_by_http_at_once(self):
        data = {"title": "lunch", "file": SimpleUploadedFile("a.pdf", b"%PDF")}
        answer = self.client.post("/api/shop.Receipt/", data)
        assert answer.status_code == 201, answer.content
        assert answer.json()["file"].endswith(".pdf")
        assert Receipt.objects.get().owner == self.ann

    def test_by_a_token_of_one_s_own_once(self):
        token = {"$file": self.uploaded().json()["token"]}
        with self.assertRaises(Invalid):
            BindingClient(self.bob).create("shop.Receipt", title="hers", file=token)
        with self.captureOnCommitCallbacks(execute=True):
            BindingClient(self.ann).create("shop.Receipt", title="lunch", file=token)
        with self.assertRaises(Invalid):
            BindingClient(self.ann).create("shop.Receipt", title="again", file=token)

    def test_a_validator_and_a_limit_are_asked(self):
        token = {"$file": self.uploaded("a.exe").json()["token"]}
        with self.assertRaises(Invalid):
            BindingClient(self.ann).create("shop.Receipt", title="lunch", file=token)
        assert self.uploaded(body=b"0" * 5_000_001).status_code == TooLarge.status

    def test_only_the_owner_downloads(self):
        data = {"title": "lunch", "file": SimpleUploadedFile("a.pdf", b"%PDF")}
        self.client.post("/api/shop.Receipt/", data)
        address = f"/media/{Receipt.objects.get().file.name}"
        answer = self.client.get(address)
        assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"%PDF")
        other = Client()
        other.force_login(self.bob)
        assert other.get(address).status_code == 404
        assert Client().get(address).status_code == 302
