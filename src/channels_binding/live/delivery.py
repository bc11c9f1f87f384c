"""What connections are sent of their live reads: who reads what, what each lacks, and the frames that bring it up to date."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from channels_binding.calls.call import Call, Reading
from channels_binding.live.presence import Subscribers
from channels_binding.live.queries.group import Group, Subscription
from channels_binding.live.queries.store import QueryStore
from channels_binding.live.queries.why import explained
from channels_binding.protocol.messages import frame, message
from channels_binding.types import Subscriber

AnySubscription = TypeVar("AnySubscription", bound=Subscription)

Frames = dict[Subscriber, list[bytes]]
"""Connection → messages that leave together."""


@dataclass(eq=False)
class Delivery:
    """The subscriptions of one hub. Everything happens on its event loop, and nothing here is awaited, so order holds."""

    subscribers: Subscribers
    store: QueryStore
    is_pending: Callable[[Subscriber], bool]
    """Whether it is yet to be checked whose a connection is: nothing is sent to it before."""
    wake: Callable[[], None]
    """Begin a round, which begins with the pending checks."""
    is_anyone_pending: Callable[[], bool] = lambda: True
    """Whether that is to be checked of anybody at all: asked once for many."""

    def subscribe(self, group: Group, subscriber: Subscriber, event: str, call: Call) -> Subscription:
        """Send ``subscriber`` what changes from now on, beginning after the group's present reading.

        Raises:
            RuntimeError: The connection is gone: what is enlisted for it would never be taken off again.
        """
        return self.enlist(Subscription(subscriber, event, call, group, sent=group.reading))

    def enlist(self, subscription: AnySubscription) -> AnySubscription:
        """As ``subscribe``, of a subscription that is made already."""
        self.subscribers.check_here(subscription.subscriber)
        self.store.attach(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self.store.detach(subscription)
        subscription.end()

    def move(self, subscription: Subscription, group: Group) -> None:
        """Have a subscription served by another group from now on; the difference is sent at once."""
        self.store.detach(subscription)
        subscription.group = group
        self.store.attach(subscription)
        self.deliver([subscription])

    def deliver(self, subscriptions: Iterable[Subscription]) -> None:
        """Send what these lack, now and not only in the next round."""
        frames: Frames = defaultdict(list)
        self.bring_up_to_date(subscriptions, frames)
        self.send(frames)

    def catch_up(self, subscriber: Subscriber) -> None:
        """Send what was held back while the connection was slow."""
        behind = [each for each in subscriber.subscriptions if each.is_behind]
        if behind:
            self.deliver(behind)

    def send(self, frames: Frames) -> None:
        for subscriber, added in frames.items():
            subscriber.push(added)

    def bring_up_to_date(self, subscriptions: Iterable[Subscription], frames: Frames) -> None:
        """Add the message that each subscription lacks; hold it back while the connection is slow."""
        groups = set()
        is_anyone_pending = self.is_anyone_pending()
        for subscription in subscriptions:
            groups.add(subscription.group)
            if is_anyone_pending and self.is_pending(subscription.subscriber):
                subscription.is_pending = True
                subscription.group.is_stale = True  # the next round checks who it is first, and reads and sends anew
                self.wake()
                continue
            subscription.is_pending = False
            subscription.is_behind = subscription.subscriber.congested
            if not subscription.is_behind:
                self._bring(subscription, frames)
        for group in groups:
            group.forget_bodies()

    def _bring(self, subscription: Subscription, frames: Frames) -> None:
        before = subscription.sent
        push = subscription.push()
        if push is not None:
            subscriber, group = subscription.subscriber, subscription.group
            if subscriber.dialect != "cb.1":
                push = _seed_push(subscription, before)
            elif group.causes is not None and subscription.explains:
                push = explained(push, group.why())
            frames[subscriber].append(push)


def _seed_push(subscription: Subscription, before: Reading | None) -> bytes:
    """What a client without a subprotocol is sent: the whole row, the whole result, or ``delete`` with the id."""
    reading = subscription.shown()
    if reading is not None:
        return frame(subscription.event, b',"data":' + reading.terse_data + b"}")
    stream = subscription.call.stream
    key = before.rows[0].pk if before and before.rows else subscription.call.data.get("id")
    return message(f"{stream}.delete", {"id": key})
