"""Live queries: what changed (capture), how every process is sent it (broker, transport), which queries it matters to
(queries), and what each connection is sent (hub, delivery).

For projects: ``notify`` reports rows that changed where Django cannot see it; ``send`` and ``asend`` reach browsers;
``process_figures`` says how much is open and was done; ``needs_primary`` tells a database router when a replica will not do.
"""

from channels_binding.calls.primary import needs_primary
from channels_binding.live.capture.signals import notify
from channels_binding.live.handler_messages import asend, send
from channels_binding.live.process import process_figures

__all__ = ["asend", "needs_primary", "notify", "process_figures", "send"]
