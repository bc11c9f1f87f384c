"""``path("api/", include("channels_binding.urls"))``: every stream under ``/api/<stream>/``."""

from importlib.util import find_spec

from django.urls import path, register_converter

from channels_binding.rest.converters import StreamConverter, TextKeyedStreamConverter, slashed_routes
from channels_binding.rest.views import BatchView, FormView, RowView, StreamView, UploadView

app_name = "channels_binding"

register_converter(StreamConverter, "cb_stream")
register_converter(TextKeyedStreamConverter, "cb_text_keyed_stream")

urlpatterns = [
    path("batch/", BatchView.as_view(), name="batch"),
    path("upload/", UploadView.as_view(), name="upload"),
    path("<cb_stream:stream>/", StreamView.as_view(), name="stream"),
    path("<cb_stream:stream>/form/", FormView.as_view(), name="form"),
    path("<cb_stream:stream>/<str:name>/", RowView.as_view(), name="row"),
    path("<cb_stream:stream>/<str:name>/form/", FormView.as_view(), name="row-form"),
    *slashed_routes("<cb_text_keyed_stream:stream>/", RowView.as_view(), FormView.as_view(), "row", "row-form"),
]

if find_spec("drf_spectacular"):  # the extra "openapi"
    from channels_binding.rest.schema_views import AsyncSchemaView, DocsFileView, DocsView, SchemaView

    urlpatterns = [
        path("schema/", SchemaView.as_view(), name="schema"),
        path("asyncapi/", AsyncSchemaView.as_view(), name="asyncapi"),
        path("docs/", DocsView.as_view(), name="docs"),
        path("docs/<str:name>", DocsFileView.as_view(), name="docs-file"),
        *urlpatterns,
    ]
