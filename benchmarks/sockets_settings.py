"""The test project for ``benchmarks.sockets``: a hundred users from one address stand for thousands from everywhere.

Garbage is collected as docs/howto/many-sockets.md has it.
"""

import gc

from tests.project.settings import *  # noqa: F403
from tests.project.settings import CHANNELS_BINDING

CHANNELS_BINDING |= {"MAX_CONNECTIONS_PER_USER": 10**6, "MAX_CONNECTIONS_PER_ADDRESS": 10**6}

gc.freeze()
gc.set_threshold(10_000, 20, 50)
