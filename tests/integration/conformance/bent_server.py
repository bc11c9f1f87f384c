"""The right server, and below ``/bend/<name>/`` each of the wrong ones."""

from channels_binding_conformance.server import application as right
from tests.integration.conformance.bending import Bent
from tests.integration.conformance.bends import BENDS, slug

application = Bent(right, {slug(name): bend for name, bend in BENDS.items()})
