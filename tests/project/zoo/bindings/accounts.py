from django.contrib.auth import get_user_model

from channels_binding.consumers import AsyncBinding


class UserBinding(AsyncBinding):
    model = get_user_model()
    extra_kwargs = {
        "username": {"validators": []}
    }  # so that "Changed Username" passes, as recorded in spec/transcripts


class BareUserBinding(AsyncBinding):
    """Nothing but the model, as in three lines."""

    stream = "zoo.BareUser"
    model = get_user_model()
