"""Tickets, their tags, and the conversation about them."""

from typing import Any, TypedDict

from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, inlineformset_factory
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated

from channels_binding.consumers import AsyncBinding, PresenceBinding, bind
from desk.models import Comment, Step, Tag, Ticket, is_manager
from desk.permissions import AuthorsWrite, ManagersDelete, ManagersOnly, ManagersWrite


class Close(TypedDict):
    """What ``close`` takes: its annotation has it checked, and tells the contract."""

    id: int


class Closed(TypedDict):
    """What it answers."""

    success: bool
    id: int


class OrderedSteps(BaseInlineFormSet):  # type: ignore[type-arg]
    """Steps as the form has put them in order: Django leaves it to the project where that is stored."""

    def save(self, commit: bool = True) -> Any:
        saved = super().save(commit)
        for place, form in enumerate(self.ordered_forms, 1):
            Step.objects.filter(pk=form.instance.pk).exclude(position=place).update(position=place)
        return saved


Steps = inlineformset_factory(
    Ticket,
    Step,
    formset=OrderedSteps,
    fields=("text", "minutes", "done"),
    can_order=True,
    max_num=10,
    validate_max=True,
)


class TicketBinding(AsyncBinding):
    """Agents see and edit the tickets of their teams, managers all. A ticket handed to another team leaves the lists
    of those who may no longer see it."""

    model = Ticket
    presence = True
    fields = (
        "id", "title", "status", "priority", "group", "assignee", "customer", "tags", "due_date", "price",
        "attachment", "body", "created", "updated",
    )  # fmt: skip
    filterset_fields = {
        "status": ["exact", "in"],
        "priority": ["exact", "in"],
        "group": ["exact"],
        "assignee": ["exact", "isnull"],
        "customer": ["exact"],
        "tags": ["exact"],
        "due_date": ["gte", "lte", "isnull"],
        "price": ["gte", "lte"],
    }
    search_fields = ("title", "body", "customer__name")
    ordering_fields = ("id", "title", "status", "priority", "due_date", "price", "created", "updated")
    aggregates = {"price": ("sum", "avg"), "created": ("max",)}
    group_by = ("status", "priority", "group", "assignee", "created:day", "created:month")
    page_size = 25
    bulk = "independent"
    permission_classes = (ManagersDelete,)
    formsets = {"steps": Steps}

    def get_queryset(self) -> QuerySet[Ticket]:
        return Ticket.objects.visible_to(self.user)

    def get_audience(self) -> Any:
        """All managers read the same rows, and so do all agents of the same teams: each kind shares one evaluation."""
        if is_manager(self.user):
            return ("all",)
        return ("groups", frozenset(self.user.groups.values_list("pk", flat=True)))

    def perform_create(self, serializer: Any) -> None:
        self.check_team(serializer.validated_data["group"].pk)
        serializer.save()

    def perform_form(self, form: Any) -> Ticket:
        if form.instance.pk is None:
            self.check_team(form.cleaned_data["group"].pk)
        saved: Ticket = form.save()
        return saved

    def check_team(self, group_id: int) -> None:
        """An agent opens tickets for a team of their own. (An existing one may be handed to any team.)"""
        if not is_manager(self.user) and not self.user.groups.filter(pk=group_id).exists():
            raise PermissionDenied("Open tickets for a team of your own; it can be handed to another one then.")

    @bind("close")
    async def close(self, data: Close) -> Closed:
        """``{"id": 7}`` → the ticket is closed, and everyone on the stream hears who did it."""
        ticket = await self.aget_object(data["id"])
        ticket.status = Ticket.Status.CLOSED
        await ticket.asave(update_fields=["status", "updated"])
        return {"success": True, "id": ticket.pk}


class BoardBinding(PresenceBinding):
    """The table of tickets as a room: who edits which cell. It is of those who see every ticket, for all are told its keys."""

    stream = "desk.board"
    permission_classes = (ManagersOnly,)


class TagBinding(AsyncBinding):
    """Tags are shared by all teams."""

    model = Tag
    fields = ("id", "name", "color")
    search_fields = ("name",)
    permission_classes = (ManagersWrite,)

    def get_audience(self) -> Any:
        return ("everyone",)


class StepBinding(AsyncBinding):
    """Steps of the tickets that one may see, to be read; they are written with the form of their ticket."""

    model = Step
    fields = ("id", "ticket", "text", "minutes", "done", "position")
    filterset_fields = ("ticket", "done")
    permission_classes = (IsAuthenticated,)
    actions = ("retrieve", "search", "list", "describe")

    def get_queryset(self) -> QuerySet[Step]:
        if is_manager(self.user):
            return Step.objects.all()
        return Step.objects.filter(ticket__in=Ticket.objects.visible_to(self.user).order_by())

    def get_audience(self) -> Any:
        if is_manager(self.user):
            return ("all",)
        return ("groups", frozenset(self.user.groups.values_list("pk", flat=True)))


class CommentBinding(AsyncBinding):
    """Comments, to those who may see their ticket. Nobody writes about another one: to them there is none of that key."""

    model = Comment
    fields = ("id", "ticket", "author", "text", "created")
    read_only_fields = ("author",)
    filterset_fields = ("ticket", "author")
    permission_classes = (IsAuthenticated, AuthorsWrite)

    def get_queryset(self) -> QuerySet[Comment]:
        if is_manager(self.user):
            return Comment.objects.all()
        return Comment.objects.filter(ticket__in=Ticket.objects.visible_to(self.user).order_by())

    def get_audience(self) -> Any:
        if is_manager(self.user):
            return ("all",)
        return ("groups", frozenset(self.user.groups.values_list("pk", flat=True)))

    def get_create_values(self) -> dict[str, Any]:
        return {"author": self.user}
