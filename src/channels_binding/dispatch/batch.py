"""Several operations in one message (spec/protocol.md §4): each is performed as if it had come alone.

``{"ops": [{"event": "shop.Order.create", "data": {…}, "as": "order"},
           {"event": "shop.Line.create", "data": {"order": {"$ref": "order.id"}}}]}``
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import router
from rest_framework.permissions import SAFE_METHODS

from channels_binding.calls.call import Call, Reading, Written
from channels_binding.calls.primary import writing
from channels_binding.conf import get_settings
from channels_binding.dispatch import idempotency
from channels_binding.dispatch.perform import perform, repeat
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BadRequest, Invalid, LimitExceeded, MethodNotAllowed, NotFound
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import split_event
from channels_binding.registry import registry
from channels_binding.threads import one_transaction

EVENT = "cb.batch"
NOT_HERE = ("subscribe", "unsubscribe")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REFERENCE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+)+)\Z")


@dataclass(frozen=True, slots=True)
class Operation:
    """One of them, read and found well-formed."""

    stream: str
    action: str
    data: dict[str, Any]
    name: str | None = None
    """By which later operations refer to its answer."""


MakeCall = Callable[[Operation, dict[str, Any]], Call]
"""The transport's: an operation, and its data with references filled in, as a call of the same caller."""


class Result(dict[str, Any]):
    """What an operation is answered with: ``{"data": {…}, "v": "…"}``, or ``{"error": {…}}``."""

    def __init__(self, members: Mapping[str, Any], answer: Any = None) -> None:
        super().__init__(members)
        self._answer = answer

    @property
    def kept(self) -> dict[str, Any]:
        """What is remembered of it for who asks again."""
        if "data" not in self:
            return dict(self)
        answer = self._answer
        if isinstance(answer, Reading):  # a written row, where the transport shows rows
            answer = Written({"success": True, "id": answer.rows[0].pk}) if answer.is_single else self["data"]
        return {"data": idempotency.without_rows(answer)}


class _OperationMessages:
    """What an operation's handler sends: what it reflects under its own name is its answer, the rest goes its way."""

    def __init__(self, of_batch: Any, event: str) -> None:
        self._of_batch: Any = of_batch
        self._event = event
        self.reflected: Mapping[str, Any] | None = None

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        if event == self._event and self.reflected is None:
            self.reflected = data
        else:
            self._of_batch.reflect(event, data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of_batch, name)


def run_batch(batch: Call, make_call: MakeCall) -> dict[str, Any]:
    """Perform a ``cb.batch`` on this thread.

    Returns:
        ``{"success": true, "results": [{"data": {…}}, …]}``, one result for each operation in order. Unless ``atomic``,
        one that failed is ``{"error": {…}}`` there.

    Raises:
        BindingError: It is no batch; or it is atomic and an operation failed. ``op`` says which, none has happened.
    """
    operations, is_atomic = read(batch.data)
    is_exact = is_atomic and {*_all_aliases(operations)} == {idempotency.alias()}
    is_write = any(map(_is_write, operations))
    with (
        writing() if is_write else nullcontext(),
        idempotency.kept(batch, is_write=is_write, is_exact=is_exact) as kept,
    ):
        if kept.answer is not None:
            return {**kept.answer, "results": _read_again(operations, kept.answer["results"], make_call, is_atomic)}
        results = _atomically(operations, make_call) if is_atomic else _each(operations, make_call)
        answer = {"success": all("data" in result for result in results), "results": results}
        pairs = zip(operations, results, strict=True)
        kept.answer = {**answer, "results": [each.kept if _is_write(operation) else None for operation, each in pairs]}
    return answer


def _read_again(
    operations: list[Operation], kept: list[dict[str, Any] | None], make_call: MakeCall, is_atomic: bool
) -> list[Result]:
    """What was answered before, to who may ask for it still, with rows as they are now; reads are answered as of now.

    Raises:
        BindingError: The batch is atomic, and the caller may not make one of its writes any more.
    """
    named: dict[str, Any] = {}
    results = []
    for index, (operation, result) in enumerate(zip(operations, kept, strict=True)):
        if result is None:
            results += _each([operation], make_call, named)
        elif "data" not in result:
            results.append(Result(result))
        else:
            before = idempotency.as_answered(result["data"])
            try:
                results.append(_perform(operation, make_call, named, partial(repeat, answer=before)))
            except Exception as exception:
                error = as_error(exception)
                if is_atomic:
                    error.facts["op"] = index
                    raise error from None
                results.append(Result({"error": error.to_json()}))
    return results


def read(data: Mapping[str, Any]) -> tuple[list[Operation], bool]:
    """The data of a batch → its operations, and whether they are one.

    Raises:
        BadRequest: Not of the right shape.
        LimitExceeded: More than ``MAX_BATCH_OPS``.
    """
    ops, is_atomic = data.get("ops"), data.get("atomic", True)
    if not isinstance(ops, list) or not ops or not isinstance(is_atomic, bool):
        raise BadRequest("'ops' is a list of at least one operation, 'atomic' true or false.")
    limit = get_settings().MAX_BATCH_OPS
    if len(ops) > limit:
        raise LimitExceeded(f"A batch may hold {limit} operations.", limit=limit)
    return [_operation(op, index) for index, op in enumerate(ops)], is_atomic


def _operation(op: Any, index: int) -> Operation:
    try:
        if not isinstance(op, dict) or not isinstance(op.get("data"), dict | None):
            raise BadRequest("An operation is an object: {event, data, as?}.")
        stream, action, _ = split_event(op.get("event"))
        name = op.get("as")
        if name is not None and not (isinstance(name, str) and _NAME.match(name)):
            raise BadRequest("'as' is a name of letters, digits and _.")
    except BadRequest as error:
        error.facts["op"] = index
        raise
    return Operation(stream, action, op.get("data") or {}, name)


def _each(operations: list[Operation], make_call: MakeCall, named: dict[str, Any] | None = None) -> list[Result]:
    named = {} if named is None else named
    results = []
    for operation in operations:
        try:
            results.append(_perform(operation, make_call, named))
        except Exception as exception:
            results.append(Result({"error": as_error(exception).to_json()}))
    return results


def _atomically(operations: list[Operation], make_call: MakeCall) -> list[Result]:
    named: dict[str, Any] = {}
    results = []
    with ExitStack() as stack:
        for alias in sorted({*_all_aliases(operations)}):
            stack.enter_context(one_transaction(alias))
        for index, operation in enumerate(operations):
            try:
                results.append(_perform(operation, make_call, named))
            except Exception as exception:
                error = as_error(exception)
                error.facts["op"] = index
                raise error from None
    return results


def _is_write(operation: Operation) -> bool:
    """Whether it may change something. What cannot be found changes nothing."""
    try:
        return registry.get(operation.stream).get_actions()[operation.action].method not in SAFE_METHODS
    except (NotFound, KeyError):
        return False


def _all_aliases(operations: list[Operation]) -> Iterator[str]:
    for operation in operations:
        yield from _aliases(operation)


def _aliases(operation: Operation) -> list[str]:
    try:
        model = registry.get(operation.stream).find_model()
    except NotFound:  # answered when it is its turn
        return []
    return [] if model is None else [router.db_for_write(model)]


def _perform(
    operation: Operation, make_call: MakeCall, named: dict[str, Any], answered: Callable[[Call], Any] = perform
) -> Result:
    if operation.stream == "cb" or operation.stream.startswith("cb.") or operation.action in NOT_HERE:
        raise MethodNotAllowed("Not in a batch.")
    call = make_call(operation, _resolved(operation.data, named))
    handler_messages: Any = (
        None if call.handler_messages is None else _OperationMessages(call.handler_messages, call.event)
    )
    call.handler_messages = handler_messages
    answer = answered(call)
    if answer is None:
        answer = (handler_messages and handler_messages.reflected) or {}
    result = _result(answer)
    if operation.name is not None:
        named[operation.name] = codecs.parse(codecs.encode(result["data"]))
    return result


def _result(answer: Any) -> Result:
    if isinstance(answer, Reading):
        return Result({"data": codecs.parse(answer.data), "v": answer.version}, answer)
    if isinstance(answer, Written) and answer.version is not None:
        return Result({"data": answer, "v": answer.version}, answer)
    return Result({"data": answer}, answer)


def _resolved(value: Any, named: Mapping[str, Any]) -> Any:
    """``{"order": {"$ref": "order.id"}}`` → ``{"order": 7}``. What does not look like ``name.path`` is left as it is.

    Raises:
        Invalid: No earlier operation bears the name, or its answer lacks what is named.
    """
    if isinstance(value, list):
        return [_resolved(member, named) for member in value]
    if not isinstance(value, dict):
        return value
    match = _REFERENCE.match(value["$ref"]) if len(value) == 1 and isinstance(value.get("$ref"), str) else None
    if match is None:
        return {name: _resolved(member, named) for name, member in value.items()}
    return _referred(match[0], named.get(match[1]), match[2].split(".")[1:])


def _referred(reference: str, found: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isascii() and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Invalid.field("$ref", "unknown", f"Nothing is known by {reference!r}.")
    return found
