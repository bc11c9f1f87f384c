"""A stream without a model, letter for letter as the package's first documentation shows it."""
# fmt: off
# ruff: noqa: I001
# mypy: allow-untyped-defs

from typing import TypedDict

from channels_binding.consumers import AsyncBinding, bind

class YourCustomBinding(AsyncBinding):

    stream = 'custom_stream'

    @bind('custom_event')
    async def handle_custom_event(self, data):

        sender = data['sender']

        # Direct reflect the reponse to the current socket pipe
        await self.reflect('custom_event', {
            'msg': f'This a reflected response for {sender}'
        })

        # Send an event to this stream subscribers
        await self.dispatch('custom_group_event', {
            'msg': f'This a dispatched response to the custom_stream subscriber from {sender}'
        })

        # Send an event to this stream subscribers
        await self.broadcast('custom_all_event', {
            'msg': f'This a dispatched response to the all layers from {sender}'
        })


# What follows is not of that page: it tells TypeScript what the stream sends.
class Message(TypedDict):
    msg: str


YourCustomBinding.sends = dict.fromkeys(("custom_event", "custom_group_event", "custom_all_event"), Message)
