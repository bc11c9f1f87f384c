"""Call → binding → permissions → action → answer. Every call of both transports, and every live read, is performed here."""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any, TypeAlias

from django.db.models import Model, QuerySet
from rest_framework.permissions import SAFE_METHODS

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.form_actions import FormMixin
from channels_binding.bindings.writes import WriteMixin
from channels_binding.calls import locales
from channels_binding.calls.call import Call, Reading, WithRows, Written
from channels_binding.calls.posted import PostedForm
from channels_binding.calls.primary import writing
from channels_binding.conf import get_settings
from channels_binding.dispatch import arguments, idempotency
from channels_binding.exceptions import Timeout
from channels_binding.registry import registry
from channels_binding.threads import all_atomic, atomic_requests, run, run_coroutine, settle

Answer: TypeAlias = Reading | Mapping[str, Any] | None
"""What an action returns: a Reading (which can stay live), plain data, or nothing."""


def find(call: Call) -> tuple[BaseBinding, Action]:
    """The binding instance that serves a call, and the action.

    Raises:
        NotFound: No such stream.
        MethodNotAllowed: The stream does not offer the action.
    """
    binding = registry.get(call.stream)(call)
    return binding, binding.get_action(call.action)


def admit(binding: BaseBinding) -> None:
    """Ask the permissions and the throttles; from then on the caller is sent what the stream's handlers dispatch.

    Raises:
        Unauthenticated, Forbidden: The caller may not.
        Throttled: The caller asks too often.
    """
    binding.check_permissions()
    _count(binding)
    if binding.call.handler_messages is not None:
        binding.call.handler_messages.admitted(binding.call.stream, binding.call.action)


def _count(binding: BaseBinding) -> None:
    """Have the throttles count a request, once, on whichever transport it came. Code is not throttled, nor who wants less."""
    call = binding.call
    if not call.is_counted and call.transport != "code" and call.action != "unsubscribe":
        binding.check_throttles()
    call.is_counted = True


def perform(call: Call) -> Answer:
    """Answer a call on this thread.

    Raises:
        Exception: Whatever the action raises; the transport translates it (``exception_handler.as_error``).
    """
    binding, action = find(call)
    return perform_found(binding, action)


def perform_found(binding: BaseBinding, action: Action) -> Answer:
    """As ``perform``, for a binding that ``find`` has given."""
    locale = binding.call.locale
    if locale is None:
        return _performed(binding, action)
    with locales.active(locale):
        return _performed(binding, action)


def _performed(binding: BaseBinding, action: Action) -> Answer:
    if not is_write(binding):  # no transaction, and nothing that is kept
        admit(binding)
        return _sent(binding.call, _answered(binding, action))
    with writing():
        return _written(binding, action)


def _written(binding: BaseBinding, action: Action) -> Answer:
    admit(binding)
    exact = is_exact(binding, action)
    with idempotency.kept(binding.call, is_write=True, is_exact=exact) as kept:
        if kept.answer is None:
            with all_atomic(_transactions(binding, action)):
                kept.answer = _answered(binding, action)
        else:
            kept.answer = _again(binding, kept.answer)
    return _sent(binding.call, kept.answer)


def _answered(binding: BaseBinding, action: Action) -> Any:
    return _shown(action, settle(action.handler(binding, _data(binding, action))))


def _rows_in(answer: Any) -> "Model | QuerySet[Any] | None":
    """The first row or queryset in what a handler has answered, however deep: ``{"note": Note(…)}``."""
    if isinstance(answer, Model | QuerySet):
        return answer
    parts: Any = answer if isinstance(answer, list | tuple | set | frozenset) else ()
    if isinstance(answer, Mapping):
        parts = answer.values()
    return next((found for each in parts if (found := _rows_in(each)) is not None), None)


def _shown(action: Action, answer: Any) -> Any:
    """What a handler has answered, as it is sent. Lazy texts are put into words now, in the caller's language.

    Raises:
        TypeError: There is a row or a queryset in it, which is no JSON: its text would be sent, and not what its stream shows.
    """
    rows = _rows_in(answer)
    if rows is not None:
        raise TypeError(
            f"The handler of {action.name!r} has answered a {type(rows).__name__}, which is no JSON. Answer with keys or "
            'values; a row as its stream shows it is self.perform("retrieve", {"id": …}), or await self.retrieve({"id": …}).'
        )
    shown = arguments.shown(answer)
    if action.is_builtin:
        return shown
    return locales.in_words(dict(shown) if isinstance(shown, Written | WithRows) else shown)


def repeat(call: Call, answer: Any) -> Answer:
    """What a call is answered that was answered before: by the permissions and rows of now.

    Raises:
        Exception: Whatever refuses the call.
    """
    binding, _ = find(call)
    with locales.active(call.locale):
        admit(binding)
        return _sent(call, _again(binding, answer))


def _again(binding: BaseBinding, answer: Any) -> Any:
    """What was answered before to the same key; of a row that was written, the row as it is now."""
    if isinstance(answer, Written) and isinstance(binding, WriteMixin):
        return binding.answer_of_repeated_write(answer)
    if isinstance(answer, WithRows) and isinstance(binding, FormMixin):
        return binding.answer_with_rows(answer.kept)
    return answer


def _sent(call: Call, answer: Any) -> Answer:
    """A written row as this call's transport has it."""
    return answer.shown if call.shows_rows and isinstance(answer, Written) else answer


def _transactions(binding: BaseBinding, action: Action) -> list[str]:
    """Databases on which this call is a transaction because requests are (``ATOMIC_REQUESTS``).

    A request over HTTP has one already, which ends only after its view; an operation of a batch there fails by itself. Reads
    need none: they change nothing, and a transaction of them would be read no more at one moment than without (PostgreSQL's
    READ COMMITTED).
    """
    call = binding.call
    is_of_view = call.transport == "http" and not call.is_operation
    return [] if call.transport == "code" or is_of_view or not is_write(binding) else atomic_requests(action.handler)


def is_write(binding: BaseBinding) -> bool:
    """Whether a call may change something: not what is like a GET."""
    return binding.method not in SAFE_METHODS


def is_exact(binding: BaseBinding, action: Action) -> bool:
    """Whether all that a call writes is one transaction of the database that answers are kept in."""
    if binding.call.key is None or not action.is_builtin or not isinstance(binding, WriteMixin) or not binding.atomic:
        return False
    return binding.write_alias() == idempotency.alias()


def _data(binding: BaseBinding, action: Action) -> Any:
    """What the handler gets: of a bound event, the data as its annotation says."""
    call = binding.call
    if action.is_builtin:
        return call.data
    data = {**call.data, **call.files}
    posted = call.data if isinstance(call.data, PostedForm) else None
    return arguments.read(action.handler, data, binding.get_serializer_context, posted, binding.scope_relations)


def _begun(binding: BaseBinding, action: Action) -> tuple[Any, idempotency.Kept]:
    with locales.active(binding.call.locale):
        admit(binding)
        data = _data(binding, action)
        kept = idempotency.begin(binding.call, is_write(binding))
        if kept.answer is not None:
            kept.answer = _again(binding, kept.answer)
    return data, kept


async def aperform(call: Call) -> Answer:
    """Answer a call from the event loop: plain actions in one thread hop, coroutine handlers on the loop.

    Where a transaction belongs around it, a coroutine handler too is run from a thread, whose connection is in it.

    Raises:
        Timeout: After ``CALL_TIMEOUT_SECONDS``; work on a thread goes on to its end.
        Exception: Whatever the action raises.
    """
    binding, action = find(call)
    try:
        async with asyncio.timeout(get_settings().CALL_TIMEOUT_SECONDS):
            if not action.is_coroutine or _transactions(binding, action):
                return await idempotency.retrying(lambda: run(perform_found, binding, action))
            with writing() if is_write(binding) else nullcontext():
                return await idempotency.retrying(lambda: _aperform(binding, action))
    except TimeoutError:
        raise Timeout() from None


_cut_off: set["asyncio.Task[None]"] = set()
"""Keys that are being freed again: a task that nobody refers to would be lost."""


async def _begun_unless_cut_off(binding: BaseBinding, action: Action) -> tuple[Any, idempotency.Kept]:
    """Where the caller is gone before the handler has begun, nothing was done, and its key becomes free again.

    Nobody waits for that: what holds up the beginning, a lock for instance, must not hold up the end of a call or a socket.
    """
    if binding.call.key is None:
        return await run(_begun, binding, action)
    beginning = asyncio.ensure_future(run(_begun, binding, action))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        undoing = asyncio.ensure_future(_undo(beginning))
        _cut_off.add(undoing)
        undoing.add_done_callback(_cut_off.discard)
        raise


async def _undo(beginning: "asyncio.Future[tuple[Any, idempotency.Kept]]") -> None:
    with suppress(Exception):  # it was refused, and nobody is told any more
        _, kept = await beginning
        if kept.answer is None:
            await run(kept.forget)


def _begins_on_the_loop(binding: BaseBinding, action: Action) -> bool:
    """Whether nothing that comes before a handler may ask the database, or is the project's."""
    call = binding.call
    is_plain = call.transport == "websocket" and call.key is None and arguments.input_of(action.handler) is None
    return is_plain and binding.asks_nothing()


async def _aperform(binding: BaseBinding, action: Action) -> Answer:
    if _begins_on_the_loop(binding, action):
        with locales.active(binding.call.locale):
            admit(binding)
            return await _answered_by_coroutine(binding, action, _data(binding, action))
    data, kept = await _begun_unless_cut_off(binding, action)
    if kept.answer is not None:
        return _sent(binding.call, kept.answer)
    if kept.name is None:
        with locales.active(binding.call.locale):
            return await _answered_by_coroutine(binding, action, data)
    try:
        with locales.active(binding.call.locale):
            answer = _shown(action, await run_coroutine(action.handler, binding, data))
    except Exception:
        await run(kept.forget)
        raise
    except BaseException:  # cut off: the caller is gone, or it took too long
        await asyncio.shield(asyncio.ensure_future(run(kept.give_up)))
        raise
    await run(kept.keep, answer)
    return _sent(binding.call, answer)


async def _answered_by_coroutine(binding: BaseBinding, action: Action, data: Any) -> Answer:
    return _sent(binding.call, _shown(action, await run_coroutine(action.handler, binding, data)))
