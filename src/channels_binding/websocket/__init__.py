"""The WebSocket: from the handshake to the close, what arrives on a socket and what is sent."""
