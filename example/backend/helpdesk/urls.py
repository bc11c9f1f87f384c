"""Addresses of the help desk (README.md has them as a table)."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

from helpdesk import views

urlpatterns = [
    path("", views.index, name="index"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("api/", include("channels_binding.urls")),
    path("admin/", admin.site.urls),
    path("attachments/<path:name>", views.attachment, name="attachment"),
    path("static/app/<path:name>", views.front_end, name="front-end"),
    path("static/<path:name>", views.static_file, name="static-file"),
    path("favicon.ico", views.icon, name="icon"),
]
