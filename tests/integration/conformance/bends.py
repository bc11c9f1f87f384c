"""Each way to be wrong, by name."""

from channels_binding_conformance.specification import transcripts
from tests.integration.conformance.bending import Bend, without_header
from tests.integration.conformance.twists import (
    all_is_own,
    change,
    changed_is_same,
    dead_after_return,
    drop,
    ends_on_refusal,
    error_to_data,
    gone_says_more,
    hidden_is_forbidden,
    http,
    http_errors_bare,
    http_hidden,
    http_no_link,
    instead_of,
    is_push,
    is_reply,
    noted,
    of,
    own_is_all,
    rank_is_lost,
    reply_first,
    reversed_rows,
    second_list_beside_the_first,
    without_unknown,
)

_own, _unsubscribed, _kept = (
    (own_is_all, all_is_own),
    instead_of("unsubscribe", "describe"),
    instead_of("delete", "describe"),
)
_rows = ("read.page", "read.nulls-last", "read.ids", "read.cursors", "legacy.whole-pushes")
_pushes = (
    "live.others",
    "live.row",
    "live.exact",
    "session.another-user",
    "live.count",
    "live.leaves",
    "live.audience",
    "live.unsubscribe",
)
_modern = tuple(
    f"transcript.{name}"
    for name, each in transcripts().items()
    if each["subprotocol"] and "tokens" not in each["fixture"]
)
_seed = tuple(f"transcript.seed-{name}" for name in ("search", "update", "custom-stream"))
BENDS = {
    # §1, §5
    "a reply is missing": Bend(
        (*_modern, "envelope.array", "write.create", "error.stream"), said=lambda m, _: [] if is_reply(m) else [m]
    ),
    "cb.user is never said": Bend(
        ("transcript.cb-user",), said=lambda m, _: [] if m.get("event") == "cb.user" else [m]
    ),
    "a reply comes twice": Bend(("envelope.one-reply",), said=lambda m, _: [m, m] if is_reply(m) else [m]),
    "no id": Bend(("envelope.echo", "envelope.refused", "legacy.id"), said=drop("id")),
    "no hash": Bend(("envelope.echo", "live.row"), said=change("event", lambda event: event.partition("#")[0])),
    "only the first of an array": Bend(("envelope.array",), arrays=lambda frame: frame[:1]),
    "bad frames unanswered": Bend(
        ("envelope.no-message", "session.refusals"), said=lambda m, _: [] if m["event"] == "cb.error" else [m]
    ),
    "errors without code": Bend(("error.stream", "write.invalid", "legacy.error"), said=drop("error.code")),
    "errors of another status": Bend(("error.stream", "write.if"), said=change("error.status", lambda _: 418)),
    "any data": Bend(
        ("envelope.data",), heard=lambda m, _: [m if isinstance(m.get("data"), dict) else {**m, "data": {}}]
    ),
    "unknown keys refused": Bend(
        ("envelope.unknown-keys",), heard=lambda m, _: [{**m, "event": "zoo.Note.fly"} if "of_the_future" in m else m]
    ),
    "a refusal ends it": Bend(("error.refused-stays-open",), said=ends_on_refusal),
    "a hidden row is forbidden": Bend(("error.hidden-is-missing",), heard=noted, said=hidden_is_forbidden),
    # §4
    "no hello": Bend(("session.hello",), said=lambda m, _: [] if m["event"] == "cb.hello" else [m]),
    "hello says nobody": Bend(("session.hello",), said=change("data.user", lambda _: None, among=of("cb.hello"))),
    "another close code": Bend(("session.wrong-token", "session.refusals", "transcript.cb-auth"), close_code=4000),
    "everybody is let in": Bend(("session.refused-plain", "session.origin"), accepts_all=True),
    "answers before cb.auth": Bend(("session.before-auth",), said=error_to_data("unauthenticated")),
    "another pong": Bend(("session.ping",), said=change("data.n", lambda n: n + 1)),
    "any time zone": Bend(("session.locale",), said=error_to_data("invalid", only="cb.locale")),
    "any system message": Bend(("session.system-name",), said=error_to_data("bad_request", only="cb.nothing")),
    # §2
    "rows in another order": Bend(_rows, said=reversed_rows),
    "another count": Bend(("read.page", "read.filter", "read.hidden-rows"), said=change("data.count", lambda n: n + 1)),
    "filters ignored": Bend(("read.filter", "live.replaced"), heard=drop("data.filters")),
    "unknown names ignored": Bend(("read.undeclared",), heard=without_unknown),
    "fields ignored": Bend(("read.fields",), heard=drop("data.fields")),
    "hidden rows shown": Bend(
        ("read.hidden-rows", "live.leaves", "live.hidden-changes", "live.audience", "legacy.subscribe"),
        heard=_own[0],
        said=_own[1],
    ),
    "another v": Bend(("read.version", "live.exact"), said=change("v", lambda v: "0" * len(v))),
    "another v of writes": Bend(
        ("write.create", "write.update"),
        said=change("v", lambda v: "0" * len(v), among=lambda m: "te" in m["event"][-2:]),
    ),
    "other etags": Bend(("read.version",), said=change("etags", lambda tags: ["0" * 12 for _ in tags])),
    "counts unasked": Bend(("read.no-count",), heard=drop("data.count")),
    "no labels": Bend(("read.labels",), said=drop("data.labels")),
    "other types": Bend(
        ("read.describe",), said=change("data.can", lambda _: {"create": False, "update": False, "delete": False})
    ),
    "a form always saves": Bend(("read.form",), said=change("data.success", lambda _: True, among=of(".form"))),
    # writes
    "writes answered otherwise": Bend(("write.create",), said=change("data.title", str.upper, among=of("create"))),
    "writes change more": Bend(("write.update",), heard=rank_is_lost),
    "nothing is deleted": Bend(("write.delete", "live.row"), heard=_kept[0], said=_kept[1]),
    "errors without fields": Bend(("write.invalid",), said=drop("error.fields")),
    "if ignored": Bend(("write.if",), heard=drop("if")),
    "no current row": Bend(("write.if",), said=drop("error.current")),
    "key ignored": Bend(("write.key",), heard=drop("key")),
    "a hidden row in a reply": Bend(
        ("write.hidden",), said=change("data", lambda data: {**data, "title": "locked"}, among=of("Guarded"))
    ),
    "any related row": Bend(("write.related",), said=error_to_data("invalid")),
    "a batch always succeeds": Bend(
        ("write.independent-batch",), said=change("data.success", lambda _: True, among=of("cb.batch"))
    ),
    "no batch is atomic": Bend(
        ("write.atomic-batch",), heard=change("data", lambda data: {**data, "atomic": False}, among=of("cb.batch"))
    ),
    # §3
    "diffs come twice": Bend(("live.exact", "live.reply-after-diffs"), said=lambda m, _: [m, m] if is_push(m) else [m]),
    "the reply comes first": Bend(("live.reply-after-diffs",), said=reply_first),
    "nothing is pushed": Bend(_pushes, said=lambda m, _: [] if is_push(m) else [m]),
    "gone says more": Bend(("live.row", "live.leaves"), said=gone_says_more),
    "a frame for each diff": Bend(("live.one-frame",), frames=lambda messages: [[each] for each in messages]),
    "unsubscribe ignored": Bend(("live.unsubscribe",), heard=_unsubscribed[0], said=_unsubscribed[1]),
    "a second list beside the first": Bend(
        ("live.replaced",),
        heard=second_list_beside_the_first,
        said=change("event", lambda event: event.replace("#h1", "#h").replace("#h2", "#h")),
    ),
    "always live": Bend(("live.not-live",), heard=drop("data.live")),
    "have ignored": Bend(("live.back-same", "live.back-row"), heard=drop("have")),
    "whatever has changed is the same": Bend(("live.back-changed",), said=changed_is_same),
    "silent after a return": Bend(("live.back-same", "live.back-changed"), heard=dead_after_return),
    "everybody may ask why": Bend(("live.why",), heard=drop("data.why")),
    "counts stand still": Bend(("live.count",), said=drop("data.count", among=is_push)),
    # §7
    "more keys for old clients": Bend(("legacy.keys", *_seed), said=lambda m, _: [{**m, "more": 1}]),
    "errors as data": Bend(
        ("legacy.error",), said=lambda m, _: [{"event": m["event"], "data": {}} if "error" in m else m]
    ),
    # §6
    "HTTP: rows in another order": Bend(
        ("http.same",),
        response=http(
            "/api/zoo.Note/", by=lambda body: {**body, "rows": body["rows"][::-1]} if "rows" in body else body
        ),
    ),
    "HTTP: never 304": Bend(("http.etag",), request=without_header("if-none-match")),
    "HTTP: made is 200": Bend(("http.create", "http.key"), response=http("/api/zoo.Note/", 200)),
    "HTTP: writes answered with nothing": Bend(("http.write",), response=http("/api/zoo.Note/1/", by=lambda _: {})),
    "HTTP: If-Match ignored": Bend(("http.if-match",), request=without_header("if-match")),
    "HTTP: keys ignored": Bend(("http.key",), request=without_header("idempotency-key")),
    "HTTP: errors of other words": Bend(("http.refusals",), response=http_errors_bare),
    "HTTP: hidden is forbidden": Bend(("http.hidden",), response=http_hidden),
    "HTTP: no pages": Bend(("http.pages",), response=http_no_link),
    "HTTP: hello to everybody": Bend(("http.hello",), response=http("/api/hello/", 200)),
    "HTTP: batches without results": Bend(
        ("http.batch",), response=http("/api/batch/", by=lambda body: {**body, "results": []})
    ),
    "HTTP: no actions": Bend(("http.bound",), response=http("/search/", 405)),
    "HTTP: no events": Bend(("http.events",), request=without_header("accept")),
}
"""Which way → what is bent, and which points say so."""


def slug(name: str) -> str:
    """``"HTTP: no pages"`` → ``"http-no-pages"``, for a path."""
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()).replace("--", "-")
