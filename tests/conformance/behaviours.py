"""The list: what every transport answers to what is asked. One line each; ``"<int>"`` and its like stand for what varies."""
# ruff: noqa: E501 (a table is read across)

from dataclasses import dataclass
from typing import Any

from tests.conformance.transports import Question, Socket

ALPHA = {
    "id": 9001,
    "title": "alpha",
    "rank": 1,
    "weight": None,
    "done": False,
    "owner": 9001,
    "labels": [9101],
    "shout": "ALPHA to ann",
}
BETA = {
    "id": 9002,
    "title": "beta",
    "rank": 2,
    "weight": 5,
    "done": True,
    "owner": 9002,
    "labels": [],
    "shout": "BETA to ann",
}
GAMMA = {
    "id": 9003,
    "title": "gamma",
    "rank": 3,
    "weight": None,
    "done": False,
    "owner": None,
    "labels": [],
    "shout": "GAMMA to ann",
}
FIXED = {
    "id": 9004,
    "title": "fixed",
    "rank": 4,
    "weight": 1,
    "done": False,
    "owner": None,
    "labels": [],
    "shout": "FIXED to ann",
}
LAST = {
    "id": 9005,
    "title": "last",
    "rank": 5,
    "weight": None,
    "done": False,
    "owner": None,
    "labels": [],
    "shout": "LAST to ann",
}
HIDDEN, MISSING = 9006, 424242


def page(*rows: Any, number: int = 1, limit: int = 3, count: int = 5, order: Any = None) -> dict[str, Any]:
    return {"page": number, "limit": limit, "count": count, "order": order, "rows": [*rows]}


def groups(*rows: Any, limit: int = 4, truncated: bool = False, order: Any = None) -> dict[str, Any]:
    return {"limit": limit, "count": len(rows), "truncated": truncated, "order": order, "rows": [*rows]}


NOBODYS = {"id": "[null]", "owner": None, "count": 3}


@dataclass(frozen=True)
class Behaviour:
    """One line of the list."""

    name: str
    question: Question
    expected: Any
    """The data; or the code of the error, or the code with what stands in ``fields``."""
    user: str | None = "ann"
    over_http: Any = None
    """The data over HTTP, where it is the row in place of what a socket is answered."""

    def expected_by(self, transport: Any) -> Any:
        """What a transport answers."""
        return self.expected if self.over_http is None or isinstance(transport, Socket) else self.over_http


def ask(
    name: str,
    action: str,
    data: Any = None,
    expected: Any = None,
    *,
    user: str | None = "ann",
    over_http: Any = None,
    **more: Any,
) -> Behaviour:
    return Behaviour(name, Question(action, data or {}, **more), expected, user, over_http)


def make(name: str, action: str, data: dict[str, Any], row: dict[str, Any]) -> Behaviour:
    """A write that makes a row."""
    return ask(name, action, data, {"success": True, **row}, over_http=row)


def change(name: str, action: str, data: dict[str, Any], row: dict[str, Any]) -> Behaviour:
    """A write that changes a row."""
    return ask(name, action, data, {"success": True, "id": row["id"]}, over_http=row)


def field(name: str, code: str, message: Any = "<string>") -> tuple[str, dict[str, Any]]:
    return "invalid", {name: [{"code": code, "message": message}]}


def filter_field(name: str, code: str) -> tuple[str, dict[str, Any]]:
    return "invalid", {"filters": {name: [{"code": code, "message": "<string>"}]}}


BEHAVIOURS: tuple[Behaviour, ...] = (
    # Reading
    ask("search answers a page", "search", {}, page(ALPHA, BETA, GAMMA)),
    ask("search answers another page", "search", {"page": 2}, page(FIXED, LAST, number=2)),
    ask("search beyond the last page is empty", "search", {"page": 9}, page(number=9)),
    ask("search takes a limit", "search", {"limit": 1}, page(ALPHA, limit=1)),
    ask("search cuts a limit to the maximum", "search", {"limit": 100}, page(ALPHA, BETA, GAMMA, FIXED, limit=4)),
    ask("search orders", "search", {"order": "-rank", "limit": 2}, page(LAST, FIXED, limit=2, order="-rank")),
    ask("search orders by several, nulls last", "search", {"order": ["-weight", "title"], "limit": 3}, page(BETA, FIXED, ALPHA, order=["-weight", "title"])),
    ask("search filters", "search", {"filters": {"done": True}}, page(BETA, count=1)),
    ask("search filters by several", "search", {"filters": {"rank__gte": 2, "done": False}, "limit": 1}, page(GAMMA, limit=1, count=3)),
    ask("search filters by a list", "search", {"filters": {"rank__in": [1, 3]}}, page(ALPHA, GAMMA, count=2)),
    ask("search filters by a method that knows the request", "search", {"filters": {"prefix_of_title": "al"}}, page(ALPHA, count=1)),
    ask("search queries", "search", {"query": "amm"}, page(GAMMA, count=1)),
    ask("search narrows fields", "search", {"fields": ["title"], "limit": 1}, page({"id": 9001, "title": "alpha"}, limit=1)),
    ask("search labels relations", "search", {"labels": True, "limit": 1}, {**page(ALPHA, limit=1), "labels": {"owner": {"9001": "ann"}, "labels": {"9101": "red"}}}),
    ask("search without a count says whether rows follow", "search", {"count": False, "limit": 2}, {"page": 1, "limit": 2, "has_next": True, "order": None, "rows": [ALPHA, BETA]}),
    ask("search by places begins at the beginning", "search", {"after": "", "limit": 1}, {"limit": 1, "has_next": True, "start": "<string>", "end": "<string>", "order": None, "rows": [ALPHA]}),
    ask("search by places begins at the end", "search", {"before": "", "limit": 2, "order": "rank"}, {"limit": 2, "has_previous": True, "start": "<string>", "end": "<string>", "order": "rank", "rows": [FIXED, LAST]}),
    ask("a row brings no other unless its stream declares it", "retrieve", {"id": 9001, "expand": ["owner"]}, field("expand", "unknown")),
    ask("a list brings no others unless its stream declares it", "search", {"expand": ["labels"]}, field("expand", "unknown")),
    ask("list answers every row that matches", "list", {"filters": {"rank__gte": 4}}, {"count": 2, "order": None, "rows": [FIXED, LAST]}),
    ask("list refuses more than the maximum", "list", {}, "limit_exceeded"),
    ask("retrieve answers a row", "retrieve", {"id": 9001}, ALPHA),
    ask("retrieve takes a key as text", "retrieve", {"id": "9001"}, ALPHA),
    ask("retrieve narrows fields", "retrieve", {"id": 9002, "fields": ["rank"]}, {"id": 9002, "rank": 2}),
    ask("retrieve answers several rows in order, without the missing", "retrieve", {"ids": [9003, HIDDEN, 9001, MISSING]}, {"rows": [GAMMA, ALPHA]}),
    ask("retrieve labels the relations of several rows", "retrieve", {"ids": [9001], "labels": True}, {"rows": [ALPHA], "labels": {"owner": {"9001": "ann"}, "labels": {"9101": "red"}}}),
    ask("a single row has no place for texts beside it", "retrieve", {"id": 9001, "labels": True}, ALPHA),
    ask("aggregate counts what a search finds", "aggregate", {}, groups({"id": "[]", "count": 5})),
    ask("aggregate measures by groups", "aggregate", {"measures": ["count", "sum:rank", "max:weight"], "by": ["done"], "order": "-done"}, groups({"id": "[true]", "done": True, "count": 1, "sum:rank": 2, "max:weight": 5}, {"id": "[false]", "done": False, "count": 4, "sum:rank": 13, "max:weight": 1}, order="-done")),
    ask("aggregate filters and queries", "aggregate", {"measures": ["sum:rank"], "filters": {"rank__gte": 2}, "query": "a"}, groups({"id": "[]", "sum:rank": 10})),
    ask("aggregate leaves rows out", "aggregate", {"measures": ["count", "sum:rank"], "exclude": [9001, "9002", HIDDEN, MISSING]}, groups({"id": "[]", "count": 3, "sum:rank": 12})),
    ask("aggregate of nothing has no groups", "aggregate", {"by": ["done"], "filters": {"rank": 99}}, groups()),
    ask("aggregate takes a limit, and says that there is more", "aggregate", {"by": ["owner"], "limit": 2}, groups({"id": "[9001]", "owner": 9001, "count": 1}, {"id": "[9002]", "owner": 9002, "count": 1}, limit=2, truncated=True)),
    ask("aggregate labels relations", "aggregate", {"by": ["owner"], "order": "-count", "limit": 1, "labels": True}, {**groups(NOBODYS, limit=1, truncated=True, order="-count"), "labels": {"owner": {}}}),
    ask("a measure that is not declared is refused", "aggregate", {"measures": ["sum:secret_code"]}, field("measures", "unknown")),
    ask("a group that is not declared is refused", "aggregate", {"by": ["owner__password"]}, field("by", "unknown")),
    ask("an order of what is not asked for is refused", "aggregate", {"order": "-sum:rank"}, field("order", "unknown")),
    ask("an aggregate has no pages", "aggregate", {"page": 2}, field("page", "unknown")),
    ask("measures that are no list are refused", "aggregate", {"measures": {"a": 1}}, field("measures", "invalid")),
    ask("mallory may not measure", "aggregate", {}, "forbidden", user="mallory"),
    ask("describe says what the user can", "describe", {}, {"stream": "<string>", "can": {"create": True, "update": True, "delete": True}, "<rest>": True}),
    # What may not be read
    ask("a missing row is not found", "retrieve", {"id": MISSING}, "not_found"),
    ask("a hidden row is not found", "retrieve", {"id": HIDDEN}, "not_found"),
    ask("retrieve needs an id", "retrieve", {}, field("id", "required")),
    ask("a key of true is refused", "retrieve", {"id": True}, field("id", "invalid")),
    ask("a key that is no number is refused", "retrieve", {"id": "words"}, field("id", "invalid")),
    ask("a key of other digits is refused", "retrieve", {"id": "\u0661"}, field("id", "invalid")),
    ask("a key that is a list is refused", "retrieve", {"id": [9001]}, field("id", "invalid")),
    ask("ids that are no list are refused", "retrieve", {"ids": 9001}, field("ids", "invalid")),
    ask("an unknown name is refused", "search", {"pgae": 1}, field("pgae", "unknown")),
    ask("page zero is refused", "search", {"page": 0}, "invalid"),
    ask("a page that is text is refused", "search", {"page": "x"}, "invalid"),
    ask("a page of true is refused", "search", {"page": True}, "invalid"),
    ask("a limit of zero is refused", "search", {"limit": 0}, "invalid"),
    ask("a count that is no count is refused", "search", {"count": "many"}, "invalid"),
    ask("a cursor that nobody has made is refused", "search", {"after": "eyJyYW5rIjozfQ"}, field("after", "invalid")),
    ask("a page beside cursors is refused", "search", {"after": "", "page": 2}, field("page", "invalid")),
    ask("an order that is not declared is refused", "search", {"order": "secret_code"}, "invalid"),
    ask("an order through a relation is refused", "search", {"order": "owner__password"}, "invalid"),
    ask("an order that is no text is refused", "search", {"order": {"a": 1}}, "invalid"),
    ask("a filter that is not declared is refused", "search", {"filters": {"owner__password__startswith": "a"}}, filter_field("owner__password__startswith", "unknown")),
    ask("a filter of the wrong type is refused", "search", {"filters": {"rank": "many"}}, filter_field("rank", "invalid")),
    ask("a filter that is an object is refused", "search", {"filters": {"rank": {"gte": 1}}}, filter_field("rank", "invalid")),
    ask("filters that are no object are refused", "search", {"filters": [1]}, field("filters", "invalid")),
    ask("a query that is no text is refused", "search", {"query": {"a": 1}}, field("query", "invalid")),
    ask("a query that is too long is refused", "search", {"query": "x" * 201}, field("query", "invalid")),
    ask("a field that is not shown is refused", "search", {"fields": ["secret_code"]}, field("fields", "unknown")),
    # Writing
    make("create makes a row", "create", {"title": "new", "rank": 7}, {"id": "<int>", "title": "new", "rank": 7, "weight": None, "done": False, "owner": 9001, "labels": [], "shout": "NEW to ann"}),
    ask("create needs what is required", "create", {}, field("title", "required", "This field is required.")),
    ask("create refuses an unknown field", "create", {"title": "x", "secret_code": "y"}, field("secret_code", "unknown")),
    ask("create refuses a wrong type", "create", {"title": ["x"]}, field("title", "invalid")),
    ask("create refuses what is too long", "create", {"title": "x" * 81}, field("title", "max_length")),
    ask("create refuses a relation to nothing", "create", {"title": "x", "labels": [MISSING]}, field("labels", "does_not_exist")),
    ask("create refuses what its validator refuses", "create", {"title": "forbidden"}, field("title", "taboo", "Not this one.")),
    ask("create refuses what does not go together", "create", {"title": "x", "rank": 11, "done": True}, field("__all__", "too_high", "Too high to be done.")),
    ask("create says where nested data is wrong", "create", {"title": "x", "lines": [{"amount": 1, "unit": "kg"}, {"amount": 0}]}, ("invalid", {"lines": {"1": {"amount": [{"code": "min_value", "message": "<string>"}], "unit": [{"code": "required", "message": "<string>"}]}}})),
    make("create does not write what is read only", "create", {"title": "x", "owner": 9002, "rank": 0}, {"id": "<int>", "title": "x", "rank": 0, "weight": None, "done": False, "owner": 9001, "labels": [], "shout": "X to ann"}),
    change("update changes some fields", "update", {"id": 9001, "rank": 8}, {**ALPHA, "rank": 8}),
    ask("update needs an id", "update", {"rank": 8}, field("id", "required")),
    ask("update refuses a wrong type", "update", {"id": 9001, "rank": "many"}, field("rank", "invalid")),
    ask("update refuses an unknown field", "update", {"id": 9001, "pk": 2}, field("pk", "unknown")),
    ask("update finds no missing row", "update", {"id": MISSING, "rank": 8}, "not_found"),
    ask("update finds no hidden row", "update", {"id": HIDDEN, "rank": 8}, "not_found"),
    ask("update is refused by an object permission", "update", {"id": 9004, "rank": 8}, "forbidden"),
    ask("update of a row that has changed since is refused", "update", {"id": 9001, "rank": 8}, "precondition_failed", if_version="000000000000"),
    ask("replace needs every required field", "replace", {"id": 9001, "rank": 8}, field("title", "required", "This field is required.")),
    change("replace changes all fields", "replace", {"id": 9001, "rank": 8, "title": "z"}, {**ALPHA, "rank": 8, "title": "z", "shout": "Z to ann"}),
    change("save with an id updates", "save", {"id": 9001, "rank": 8}, {**ALPHA, "rank": 8}),
    ask("a row that its writer may see no longer is not shown", "update", {"id": 9001, "title": "hidden"}, {"success": True, "id": 9001}),
    make("save without an id creates", "save", {"title": "saved"}, {"id": "<int>", "title": "saved", "rank": 0, "weight": None, "done": False, "owner": 9001, "labels": [], "shout": "SAVED to ann"}),
    ask("delete deletes", "delete", {"id": 9002}, {"success": True, "id": 9002}),
    ask("delete needs an id", "delete", {}, field("id", "required")),
    ask("delete finds no missing row", "delete", {"id": MISSING}, "not_found"),
    ask("delete finds no hidden row", "delete", {"id": HIDDEN}, "not_found"),
    ask("delete is refused by an object permission", "delete", {"id": 9004}, "forbidden"),
    ask("delete of a row that has changed since is refused", "delete", {"id": 9001}, "precondition_failed", if_version="000000000000"),
    # Forms
    ask("form describes an empty form", "form", {}, {"fields": ["<each>", {"name": "<string>", "<rest>": True}], "object": None, "errors": {}, "success": False}),
    ask("form describes a row's form", "form", {"id": 9001}, {"fields": ["<each>", {"name": "<string>", "<rest>": True}], "object": ALPHA, "errors": {}, "success": False}),
    ask("form saves", "form", {"id": 9001, "submit": {"title": "by form", "rank": 1}}, {"fields": ["<each>", {"name": "<string>", "<rest>": True}], "object": {**ALPHA, "title": "by form", "shout": "BY FORM to ann"}, "errors": {}, "success": True}),
    ask("form of a missing row is not found", "form", {"id": MISSING}, "not_found"),
    ask("form of a row that may not be written is forbidden", "form", {"id": 9004}, "forbidden"),
    ask("form refuses an unknown name", "form", {"submit": {"secret_code": "x"}}, field("secret_code", "unknown")),
    ask("form refuses what is no object", "form", {"submit": 7}, field("submit", "invalid")),
    # Events
    ask("an event answers what its handler returns", "echo", {"a": [1, {"b": None}]}, {"action": "echo", "method": "POST", "user": "ann", "a": [1, {"b": None}]}),
    ask("an event answers what its handler reflects", "mirror", {"a": 1}, {"seen": {"a": 1}}),
    ask("an event without an answer is answered emptily", "quiet", {}, {}),
    ask("an event has the method it was bound with", "look", {}, {"method": "GET"}),
    ask("an event finds a row", "row", {"id": 9001}, {"title": "alpha"}),
    ask("an event finds no hidden row", "row", {"id": HIDDEN}, "not_found"),
    ask("an event may refuse", "conflicts", {}, "conflict"),
    ask("an event that fails says nothing of why", "fails", {}, "internal"),
    # Whoever may not
    ask("nobody is told to sign in to read", "search", {}, "unauthenticated", user=None),
    ask("nobody is told to sign in to write", "create", {"title": "x"}, "unauthenticated", user=None),
    ask("nobody is told to sign in for an event", "echo", {}, "unauthenticated", user=None),
    ask("mallory may not read", "search", {}, "forbidden", user="mallory"),
    ask("mallory may not read a row", "retrieve", {"id": 9001}, "forbidden", user="mallory"),
    ask("mallory may not write", "create", {"title": "x"}, "forbidden", user="mallory"),
    ask("mallory may not know whether a row is there", "update", {"id": MISSING, "rank": 1}, "forbidden", user="mallory"),
    ask("mallory may not use an event", "echo", {}, "forbidden", user="mallory"),
    # What is not there
    ask("an unknown stream is not found", "search", {}, "not_found", stream="no.Such"),
    ask("an unknown action is not allowed", "nothing", {}, "method_not_allowed"),
    ask("a method of the class is no action", "get_queryset", {}, "method_not_allowed"),
    ask("a private name is no action", "__init__", {}, "method_not_allowed"),
    ask("a stream without a model has no search", "search", {}, "method_not_allowed", stream="custom_stream"),
    # What is no message
    ask("what is no JSON is refused", "create", raw=b"{title}", expected="bad_request"),
    ask("a number that is none is refused", "create", raw=b'{"rank":NaN}', expected="bad_request"),
    ask("a null character is refused", "create", raw=b'{"title":"\\u0000"}', expected="bad_request"),
    ask("what is nested too deeply is refused", "create", raw=b'{"a":' * 50 + b"1" + b"}" * 50, expected="bad_request"),
    ask("what is too large is refused", "create", raw=b'{"title":"' + b"x" * 300_000 + b'"}', expected="too_large"),
)  # fmt: skip
