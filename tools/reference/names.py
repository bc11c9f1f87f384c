"""What is public, in the order of the pages: all attributes of a binding, of its methods ``HOOKS`` and ``FOR_HANDLERS``."""

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "What is served": ("model", "queryset", "stream", "actions", "sends", "presence", "depends_on", "post_save_retrieve"),
    "What is shown and written": (
        "fields", "exclude", "read_only_fields", "extra_kwargs", "serializer_class", "form_class", "formsets", "expandable",
        "full_clean", "atomic", "bulk", "max_bulk",
    ),
    "Who may": (
        "permission_classes", "permission_class", "throttle_classes", "throttle_scope", "authentication_classes",
    ),
    "What may be asked": (
        "filterset_class", "filterset_fields", "search_fields", "search_vector", "search_config", "ordering_fields", "ordering",
        "page_size", "max_page_size", "pagination_class", "query_params", "aggregates", "group_by",
    ),
}  # fmt: skip
"""What is in none of these stands under "Others"."""
HOOKS: dict[str, tuple[str, ...]] = {
    "Who may, and who shares": (
        "get_queryset", "get_permissions", "get_permission_classes", "check_permissions", "check_object_permissions",
        "get_throttles", "get_throttle_classes", "check_throttles", "get_audience", "get_presence_user",
    ),
    "Reads": (
        "filter_queryset", "get_filterset_class", "get_search_fields", "get_ordering_fields", "get_ordering", "get_page_size",
        "get_max_page_size", "get_pagination_class", "get_query_params", "get_expandable", "get_aggregates", "get_group_by",
    ),
    "Serializers and forms": (
        "get_serializer_class", "get_serializer", "get_serializer_context", "get_form_class", "get_form", "get_formsets",
    ),
    "Writes": (
        "get_create_values", "perform_create", "perform_update", "perform_destroy", "clean", "perform_form",
        "check_form_permission", "check_formset",
    ),
}  # fmt: skip
FOR_HANDLERS: tuple[str, ...] = (
    "request", "action", "aget_object", "get_object", "key_of", "parse_key", "perform", "reflect", "dispatch", "broadcast",
    "send_to", "login", "logout",
)  # fmt: skip
ACTIONS = (
    "retrieve", "search", "list", "aggregate", "create", "update", "replace", "save", "delete", "form", "describe",
    "subscribe", "unsubscribe", "watch_presence",
)  # fmt: skip
OURS = (
    "filter_paths", "may_see", "may_retrieve",
    "get_row", "get_writer", "get_model", "get_stream", "get_action", "get_actions", "check_version", "check_method",
)  # fmt: skip
"""Methods that are called like hooks, and are none: what they do is not promised."""

CLOSE_CODES = {
    "UNAUTHENTICATED": "Nobody is signed in, a token is not accepted or is over, or the user was signed out.",
    "FORBIDDEN": "A page of a foreign origin, or somebody who may not connect. A handshake that is refused has HTTP 403.",
    "TOO_MANY": "Too many connections, or too much that was refused ([floods](../howto/floods.md)).",
    "GOING_AWAY": "The server shuts down; come back elsewhere ([shut down](../howto/shutdown.md)).",
    "SLOW": "The client reads too slowly, or holds too much ([slow clients](../howto/slow-clients.md)).",
}
MODULES: dict[str, tuple[str, tuple[str, ...]]] = {
    "channels_binding.live": (
        "From a task, a command, a view",
        ("send", "asend", "notify", "needs_primary", "process_figures"),
    ),
    "channels_binding.dispatch": ("Calls from code", ("perform", "aperform")),
    "channels_binding.calls": ("What a call and an answer are", ("Call", "Reading", "Row")),
    "channels_binding.testing": (
        "In tests",
        ("BindingClient", "BindingCommunicator", "LiveList", "Message", "committed", "finish", "session_cookie"),
    ),
    "channels_binding.pytest_plugin": ("Fixtures for pytest", ("binding_client", "binding_connect")),
    "channels_binding.asgi": ("HTTP", ("serve_bindings",)),
    "channels_binding.bodies": ("", ("limit_bodies",)),
    "channels_binding.rest.routers": ("", ("BindingRouter",)),
    "channels_binding.live.transport": ("A broker of your own", ("Transport",)),
    "channels_binding.registry": ("Looking up", ("registry",)),
    "channels_binding.conf": ("", ("get_settings", "Settings")),
}
TYPES = ("Audience", "Pk", "JSON")
MEMBERS: dict[str, tuple[str, ...]] = {
    "Call": (
        "stream", "action", "data", "user", "transport", "hash", "key", "if_version", "scope", "request", "files", "event",
        "caller",
    ),
    "Reading": ("rows", "meta", "extra", "is_single", "version", "data"),
    "Row": ("etag",),
    "BindingRouter": ("register",),
    "Registry": ("get", "for_model", "stream_of"),
    "Settings": (),
}  # fmt: skip
"""Of a class whose other members are ours; of classes that are not here all are public."""
