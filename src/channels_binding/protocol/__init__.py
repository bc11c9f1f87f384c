"""The conversation of a socket (spec/protocol.md): messages, their bytes, and the rules of one session. No Django, no I/O."""
