"""One question to one binding: the Call, the DRF request it is seen as, the language it is answered in."""

from channels_binding.calls.call import Call, Reading, Row

__all__ = ["Call", "Reading", "Row"]
