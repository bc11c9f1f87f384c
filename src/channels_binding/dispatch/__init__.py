"""From a Call to its answer, for every transport and for code: permissions, throttles, handlers, batches, idempotency keys."""

from channels_binding.dispatch.perform import aperform, perform

__all__ = ["aperform", "perform"]
