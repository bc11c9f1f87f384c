"""For the tests of projects that use the package: calls of a user, and a socket that speaks the protocol, without a server.

Both work in Django's ``TestCase`` as well as in ``TransactionTestCase``; docs/howto/test-your-bindings.md shows how.
"""

from channels_binding.testing.client import BindingClient, Message
from channels_binding.testing.communicator import SECONDS as SECONDS
from channels_binding.testing.communicator import BindingCommunicator, session_cookie
from channels_binding.testing.live_list import LiveList
from channels_binding.testing.transactions import committed, finish

__all__ = [
    "BindingClient",
    "BindingCommunicator",
    "LiveList",
    "Message",
    "committed",
    "finish",
    "session_cookie",
]
