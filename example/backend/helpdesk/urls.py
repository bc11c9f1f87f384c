"""Addresses of the help desk (README.md has them as a table)."""

from django.contrib import admin
from django.urls import include, path, re_path

from helpdesk import demo, views

urlpatterns = [
    path("", views.index, name="index"),
    # The page's own addresses (frontend/src/router.ts): a link into it, or a reload, is answered with the page.
    re_path(r"^(?:tickets/\d+|customers|people|tasks|events)/?$", views.index, name="page"),
    path("watch/", views.watch, name="watch"),
    path("demo/", include(demo)),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("api/", include("channels_binding.urls")),
    path("admin/", admin.site.urls),
    path("attachments/<path:name>", views.attachment, name="attachment"),
    path("static/app/<path:name>", views.front_end, name="front-end"),
    path("static/<path:name>", views.static_file, name="static-file"),
    path("favicon.ico", views.icon, name="icon"),
]
