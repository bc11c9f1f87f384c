"""Bind a Django model in three lines: a JSON API over WebSocket and HTTP, live in every browser.

>>> from channels_binding.consumers import AsyncBinding
>>> class OrderBinding(AsyncBinding):
...     model = Order
"""

__version__ = "2.0.0a1"
