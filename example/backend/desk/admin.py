"""Django's admin for the same models: what is changed there is seen live as well, and its lists are live too."""

from django.contrib import admin

from channels_binding.contrib.admin import LiveChangeListMixin
from desk.models import Comment, Customer, Step, Tag, Ticket


class StepInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Step
    extra = 0


@admin.register(Ticket)
class TicketAdmin(LiveChangeListMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "status", "priority", "group", "assignee", "due_date")
    list_filter = ("status", "priority", "group")
    search_fields = ("title", "body")
    autocomplete_fields = ("customer", "assignee", "tags")
    inlines = (StepInline,)


@admin.register(Customer)
class CustomerAdmin(LiveChangeListMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "email", "city", "vip")
    list_editable = ("city", "vip")
    search_fields = ("name", "email", "city")


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ("name",)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    raw_id_fields = ("ticket", "author")
