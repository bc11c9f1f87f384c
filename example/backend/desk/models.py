"""What a help desk is made of, and the one rule of who may see which ticket."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

MANAGERS = "managers"
"""Name of the group whose members see every ticket."""


class Customer(models.Model):
    """Someone who asks for help."""

    name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    company = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    vip = models.BooleanField("VIP", default=False)
    since = models.DateField(default=timezone.localdate)

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"])]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word by which tickets are found again."""

    name = models.CharField(max_length=40, unique=True)
    color = models.CharField(max_length=7, default="#607d8b", help_text="As in CSS: #rrggbb.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def is_manager(user: User | AnonymousUser) -> bool:
    """Whether the user sees and may do everything: staff, superusers, and members of the group ``managers``."""
    if not user.is_active:
        return False
    return user.is_staff or user.is_superuser or user.groups.filter(name=MANAGERS).exists()


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets, as a reader may see them."""

    def visible_to(self, user: User | AnonymousUser) -> "TicketQuerySet":
        """Managers: every ticket. Agents: those of their groups. Others: none.

        The groups are a subquery, not a join: no ticket appears twice, and the page query stays one statement.
        """
        if is_manager(user):
            return self.all()
        if not user.is_active:
            return self.none()
        return self.filter(group__in=user.groups.all().order_by())


TicketManager = models.Manager.from_queryset(TicketQuerySet)


class Ticket(models.Model):
    """One question of one customer, owned by one team."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PENDING = "pending", "Pending"
        SOLVED = "solved", "Solved"
        CLOSED = "closed", "Closed"

    class Priority(models.TextChoices):
        LOW = "low", "Low"
        NORMAL = "normal", "Normal"
        HIGH = "high", "High"
        URGENT = "urgent", "Urgent"

    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tickets")
    group = models.ForeignKey(
        Group,
        models.PROTECT,
        related_name="tickets",
        verbose_name="team",
        help_text="The team that owns the ticket.",
        limit_choices_to=~models.Q(name=MANAGERS),
    )
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="tickets")
    tags = models.ManyToManyField(Tag, blank=True, related_name="tickets")
    due_date = models.DateField(null=True, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    attachment = models.FileField(blank=True, upload_to="%Y/%m/")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    objects = TicketManager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["group", "-id"]),
            models.Index(fields=["status", "-id"]),
            models.Index(fields=["priority", "-id"]),
            models.Index(fields=["due_date", "id"]),
            models.Index(fields=["updated", "id"]),
        ]

    def __str__(self) -> str:
        return self.title

    if TYPE_CHECKING:
        customer_id: int
        group_id: int
        assignee_id: int | None


class Comment(models.Model):
    """A line of the conversation about a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="comments")
    text = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author or 'Someone'}: {self.text[:40]}"


class Step(models.Model):
    """Something to do before a ticket is solved; the form of the ticket edits its steps with it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="steps")
    text = models.CharField("what", max_length=120)
    minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(480)]
    )
    done = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text


class Task(models.Model):
    """Work that takes a while: a row that says how far it is, which desk/tasks.py writes as it goes."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    done = models.PositiveIntegerField(default=0, help_text="Tickets that it has been through.")
    total = models.PositiveIntegerField(default=0)
    last_ticket = models.BigIntegerField(default=0, help_text="Where it goes on after an interruption.")
    result = models.JSONField(
        default=dict, help_text='What the open tickets of each team are worth: {"Support": "12.50"}.'
    )
    owner = models.ForeignKey(User, models.CASCADE, related_name="tasks")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title

    if TYPE_CHECKING:
        owner_id: int
