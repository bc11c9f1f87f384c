"""``/api/upload/``: a file on its way to a socket."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from channels_binding.bindings.access import default_permission_classes
from channels_binding.conf import get_settings
from channels_binding.exceptions import Invalid, Unauthenticated
from channels_binding.forms import uploads
from channels_binding.rest.base_view import BindingView

BESIDE_FILE_BYTES = 65_536
"""What a multipart body may hold beside the file that it brings."""


class UploadView(BindingView):
    """``/api/upload/``: keeps a file for a socket, and answers with the token that stands for it there."""

    throttle_classes: Sequence[Any] = api_settings.DEFAULT_THROTTLE_CLASSES
    parser_classes = (MultiPartParser,)

    def most_bytes(self, request: Request) -> int:
        return get_settings().MAX_UPLOAD_BYTES + BESIDE_FILE_BYTES

    _ignore_model_permissions = (
        True  # DRF's word for a view without a model, of which DjangoModelPermissions asks nothing
    )

    def get_permissions(self) -> list[Any]:
        """No binding asks its own here."""
        return [cls() for cls in default_permission_classes()]

    def post(self, request: Request) -> HttpResponseBase:
        if not get_settings().ANONYMOUS_CONNECTION_ALLOWED and not request.user.is_authenticated:
            raise Unauthenticated()
        file = request.FILES.get("file")
        if file is None:
            raise Invalid.field("file", "required", "No file was sent.")
        return self.respond(uploads.keep(request.user, file), 201)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)
