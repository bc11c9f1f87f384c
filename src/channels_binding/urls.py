"""``path("api/", include("channels_binding.urls"))``: every stream under ``/api/<stream>/``."""

from importlib.util import find_spec

from django.urls import path

from channels_binding.rest.converters import routes, slashed_routes
from channels_binding.rest.views import BatchView, FormView, RowView, StreamView, UploadView

app_name = "channels_binding"

urlpatterns = [
    *routes("batch/", BatchView.as_view(), "batch"),
    *routes("upload/", UploadView.as_view(), "upload"),
    *routes("<cb_stream:stream>/", StreamView.as_view(), "stream"),
    *routes("<cb_stream:stream>/form/", FormView.as_view(), "form"),
    *routes("<cb_stream:stream>/<str:name>/", RowView.as_view(), "row"),
    *routes("<cb_stream:stream>/<str:name>/form/", FormView.as_view(), "row-form"),
    *slashed_routes("<cb_text_keyed_stream:stream>/", RowView.as_view(), FormView.as_view(), "row", "row-form"),
]

if find_spec("drf_spectacular"):  # the extra "openapi"
    from channels_binding.rest.schema_views import AsyncSchemaView, DocsFileView, DocsView, SchemaView

    urlpatterns = [
        *routes("schema/", SchemaView.as_view(), "schema"),
        *routes("asyncapi/", AsyncSchemaView.as_view(), "asyncapi"),
        path("docs/", DocsView.as_view(), name="docs"),  # a page, whose files are beside it
        path("docs/<str:name>", DocsFileView.as_view(), name="docs-file"),
        *urlpatterns,
    ]
