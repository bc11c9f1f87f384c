"""Triggers of PostgreSQL that record every change, whoever makes it: ``psql``, another service, a stored procedure.

    manage.py bindings_triggers install
    CHANNELS_BINDING = {"TRIGGERS_DATABASE": "default"}

``tables`` says which tables a model lives in, ``sql`` what stands in the database, ``source`` reads it.
"""
