"""``path("api/", include("channels_binding.urls"))``: every stream under ``/api/<stream>/``."""

from importlib.util import find_spec

from django.urls import path

from channels_binding.explorer import views as explorer
from channels_binding.rest.batch_view import BatchView
from channels_binding.rest.converters import event_below_row_routes, routes, slashed_routes
from channels_binding.rest.hello_view import HelloView
from channels_binding.rest.upload_view import UploadView
from channels_binding.rest.views import AggregateView, FormView, NowhereView, RowView, StreamView

app_name = "channels_binding"

urlpatterns = [
    *routes("hello/", HelloView.as_view(), "hello"),
    *routes("batch/", BatchView.as_view(), "batch"),
    *routes("upload/", UploadView.as_view(), "upload"),
    path("explorer/", explorer.show, name="explorer"),  # a page, with what it needs beside it
    path("explorer/assets/<str:name>", explorer.send_file, name="explorer-file"),
    path("explorer/streams/", explorer.streams, name="explorer-streams"),
    path("explorer/streams/<cb_stream:stream>/", explorer.stream, name="explorer-stream"),
    path("explorer/explain/", explorer.explain, name="explorer-explain"),
    path("explorer/figures/", explorer.figures, name="explorer-figures"),
    *routes("<cb_stream:stream>/", StreamView.as_view(), "stream"),
    *routes("<cb_stream:stream>/form/", FormView.as_view(), "form"),
    *routes("<cb_aggregating_stream:stream>/aggregate/", AggregateView.as_view(), "aggregate"),
    *routes("<cb_stream:stream>/<str:name>/", RowView.as_view(), "row"),
    *routes("<cb_stream:stream>/<str:name>/form/", FormView.as_view(), "row-form"),
    *slashed_routes("<cb_text_keyed_stream:stream>/", RowView.as_view(), FormView.as_view(), "row", "row-form"),
    *event_below_row_routes(NowhereView.as_view()),
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
