"""Permissions and throttles of a call, with the binding as the view that DRF's classes are given."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.utils.functional import SimpleLazyObject
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings

from channels_binding.bindings.options import BindingOptions
from channels_binding.calls import requests
from channels_binding.conf import get_settings, load_classes
from channels_binding.exceptions import BindingError
from channels_binding.security import permissions
from channels_binding.serializers.keys import pk_of
from channels_binding.threads import settle


def default_permission_classes() -> Sequence[Any]:
    """Permission classes where nothing names any: ours, else REST framework's."""
    own, of_drf = get_settings().DEFAULT_PERMISSION_CLASSES, api_settings.DEFAULT_PERMISSION_CLASSES
    return of_drf if own is None else load_classes(own)


_ASKED_OF_INSTANCES = ("check_permissions", "get_permissions", "check_throttles", "get_throttles")
_ASKED_OF_CLASSES = ("get_permission_classes", "get_throttle_classes")


class AccessMixin(BindingOptions):
    """What a binding asks before it answers. To DRF's classes it is the view."""

    @property
    def action(self) -> str:
        """The action by DRF's name: ``search`` is ``list``, ``delete`` is ``destroy``. Ours is ``self.call.action``."""
        if self.call.action == "save":
            return "create" if self.call.data.get("id") is None else "partial_update"
        action = self._actions.get(self.call.action)
        return (action and action.view_action) or self.call.action

    @property
    def request(self) -> Any:
        """DRF's Request: as it came over HTTP, or one made for this call."""
        method = self.method
        if self._request is None or not requests.is_of(self._request, self.call, method):
            self._request = requests.request_of(self.call, method)
        return self._request

    def request_if_asked(self) -> Any:
        """``request``; of a call that has none yet, one that is made when something of it is looked at."""
        return SimpleLazyObject(lambda: self.request) if self._request is None else self.request

    @property
    def method(self) -> str:
        """The HTTP method that this call is like."""
        call = self.call
        if call.action == "save" and call.data.get("id") is not None:
            return "PATCH"
        if call.action == "form" and "submit" not in call.data:
            return "GET"
        action = self._actions.get(call.action)
        return action.method if action else "GET"

    def get_permissions(self) -> Sequence[Any]:
        """Permission instances of this call; an event's own stand in place of the binding's."""
        return [cls() for cls in self._permission_classes()]

    def _permission_classes(self) -> Sequence[Any]:
        action = self._actions.get(self.call.action)
        own = action.permission_classes if action else None
        return self.get_permission_classes() if own is None else own

    @classmethod
    def get_permission_classes(cls) -> Sequence[Any]:
        """``permission_classes``, else what the settings name. Override ``get_permissions()`` to choose by the call."""
        if cls.permission_classes is not None:
            return cls.permission_classes
        if cls.permission_class is not None:
            return [cls.permission_class]
        return default_permission_classes()

    def check_permissions(self) -> None:
        """The gate before every action and every push.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        if not self._may_be_nobody():
            permissions.refuse(self.user)
        instances = permissions.asking(settle(self.get_permissions()))
        if instances:
            permissions.check(instances, self.request, self)

    def _may_be_nobody(self) -> bool:
        """Whether somebody signed in calls, or nobody may call as well: everywhere, or where an event says so of itself."""
        if get_settings().ANONYMOUS_CONNECTION_ALLOWED or getattr(self.user, "is_authenticated", False):
            return True
        action = self._actions.get(self.call.action)
        return permissions.decide_about_nobody((action and action.permission_classes) or ())

    def check_object_permissions(self, instance: Any) -> None:
        """As ``check_permissions``, for one row."""
        instances = permissions.asking(settle(self.get_permissions()))
        if instances:
            permissions.check_object(instances, self.request, self, instance)

    def get_throttles(self) -> Sequence[Any]:
        """Throttle instances of this call; an event's own stand in place of the binding's."""
        return [cls() for cls in self._throttle_classes()]

    def _throttle_classes(self) -> Sequence[Any]:
        action = self._actions.get(self.call.action)
        own = action.throttle_classes if action else None
        return self.get_throttle_classes() if own is None else own

    @classmethod
    def get_throttle_classes(cls) -> Sequence[Any]:
        """``throttle_classes``, else what REST framework's settings name."""
        default: Any = api_settings.DEFAULT_THROTTLE_CLASSES
        return default if cls.throttle_classes is None else cls.throttle_classes

    def check_throttles(self) -> None:
        """Have the call counted.

        Raises:
            Throttled: The caller asks too often.
        """
        throttles = settle(self.get_throttles())
        if throttles:
            permissions.check_throttles(throttles, self.request, self)

    def asks_nothing(self) -> bool:
        """Whether permissions and throttles ask nothing (``AllowAny``, no throttles), and no code of a project says which.

        No instance is made to find that out: a throttle may look its rate up in the database when it is made.
        """
        own = type(self)
        is_own = any(getattr(own, name) is not getattr(AccessMixin, name) for name in _ASKED_OF_INSTANCES) or any(
            getattr(own, name).__func__ is not getattr(AccessMixin, name).__func__ for name in _ASKED_OF_CLASSES
        )
        return (
            not is_own and not self._throttle_classes() and all(each is AllowAny for each in self._permission_classes())
        )

    def may_see(self, instance: Any) -> bool:
        """Whether the object permissions let the caller see a row."""
        try:
            self.check_object_permissions(instance)
        except BindingError:
            return False
        return True

    def check_method(self, method: str, instance: Any, written: Mapping[str, Any] | None = None) -> None:
        """Whether the caller might write: the permissions are asked as they are when it does.

        Args:
            written: What would be written, where that is known already.

        Raises:
            Unauthenticated, Forbidden: The caller may not.
        """
        key = {} if instance is None else {"id": pk_of(instance)}
        other = self.asked(_WRITES[method], {**(written or {}), **key})
        other.check_permissions()
        if instance is not None:
            other.check_object_permissions(instance)

    def asked(self, action: str, data: dict[str, Any]) -> Self:
        """This binding, asked something else by the same caller."""
        return type(self)(self.call.derived(action, data))


_WRITES = {"POST": "create", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}
"""HTTP method → the action that it stands for."""
