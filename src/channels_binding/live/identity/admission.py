"""Whether whom a connection belongs to now may still read, and be told, what it does. In worker threads."""

from collections.abc import Collection, Iterable

from channels_binding.bindings.sharing import reasons_of_class
from channels_binding.calls.call import Call
from channels_binding.dispatch.perform import find
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BindingError, NotFound
from channels_binding.live.contexts import as_asked
from channels_binding.live.presence import Presence
from channels_binding.live.queries.evaluation import belongs, labels_of
from channels_binding.live.queries.group import Subscription
from channels_binding.registry import registry


def moved(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Those of the reads that do not belong to their group any more."""
    return [each for each in subscriptions if not belongs(each.call.as_user(each.subscriber.user), each.group.audience)]


def refused(asked: Iterable[tuple[Presence, Call]]) -> list[tuple[Presence, Call]]:
    """Those of the calls that the permissions of their streams refuse."""
    return [(presence, call) for presence, call in asked if not _is_admitted(call)]


def ruled_out(asked: Iterable[tuple[Presence, Call]]) -> list[tuple[Presence, Call]]:
    """As ``refused``; a permission that fails lets nobody in, and keeps nobody else from being checked."""
    return [(presence, call) for presence, call in asked if not _is_admitted_without_fault(call)]


def _is_admitted_without_fault(call: Call) -> bool:
    try:
        return _is_admitted(call)
    except Exception as exception:
        return as_error(exception).retry  # the database does not answer: the next check is soon enough


def may_ask_who(stream: str) -> bool:
    """Whether a stream's permissions may ask more than whether somebody is signed in."""
    try:
        return bool(reasons_of_class(registry.get(stream)))
    except NotFound:
        return True


def streams_declaring(labels: Collection[str]) -> set[str]:
    """Streams whose rules look these models up, by what ``depends_on`` names."""
    return {cls.get_stream() for cls in registry if cls.depends_on and not labels_of(cls.depends_on).isdisjoint(labels)}


def _is_admitted(call: Call) -> bool:
    try:
        _check(call)
    except BindingError:
        return False
    return True


@as_asked
def _check(call: Call) -> None:
    find(call)[0].check_permissions()
