"""The help desk with one form more: a customer with their tickets as rows beside it, each with a picture."""

from django import forms

from channels_binding.consumers import AsyncBinding
from helpdesk.asgi import application  # type: ignore[import-not-found]  # in example/backend

__all__ = ["application"]

from desk.models import Customer, Ticket  # type: ignore[import-not-found]  # once the apps are loaded
from desk.permissions import ManagersWrite  # type: ignore[import-not-found]


class TicketForm(forms.ModelForm):  # type: ignore[type-arg]
    attachment = forms.ImageField(required=False)

    class Meta:
        model = Ticket
        fields = ("title", "group", "attachment")


class FiledBinding(AsyncBinding):
    stream = "desk.Filed"
    model = Customer
    fields = ("id", "name")
    permission_classes = (ManagersWrite,)
    formsets = {"tickets": forms.inlineformset_factory(Customer, Ticket, form=TicketForm, extra=0)}
