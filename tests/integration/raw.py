"""A WebSocket that reads only on demand: what it has not read waits in buffers on the way."""

import base64
import json
import os
import socket
import struct
from typing import Any

from tests.integration.cluster import COOKIE


class RawSocket:
    """One connection to a server of the cluster. Blocking; messages are JSON.

    Args:
        buffer_bytes: How much the operating system takes in unread.
    """

    def __init__(self, port: int, session: str, *, modern: bool = True, buffer_bytes: int = 8192) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        self.close_code: int | None = None
        self._buffer = b""
        protocol = "Sec-WebSocket-Protocol: cb.1.json\r\n" if modern else ""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{protocol}"
            f"Cookie: {COOKIE}={session}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.socket.recv(1)
        assert self._buffer.startswith(b"HTTP/1.1 101"), self._buffer
        self._buffer = b""

    def send(self, message: Any, opcode: int = 1) -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        mask = os.urandom(4)
        size = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def frame(self) -> bytes:
        """The next text frame, of whatever size. Pings of the server are not answered.

        Raises:
            EOFError: The connection is closed; ``close_code`` says with what, None if without a word.
            TimeoutError: Nothing comes.
        """
        while True:
            head = self._exactly(2)
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
            payload = self._exactly(size)
            if head[0] & 0x0F == 8:
                self.close_code = int.from_bytes(payload[:2], "big")
                raise EOFError
            if head[0] & 0x0F == 1:
                return payload

    def frames_until_silence(self, seconds: float = 0.5) -> list[bytes]:
        """Everything that is on its way, until nothing comes for a while."""
        found = []
        self.socket.settimeout(seconds)
        try:
            while True:
                found.append(self.frame())
        except TimeoutError:
            return found
        finally:
            self.socket.settimeout(20)

    def frames_until_end(self) -> list[bytes]:
        """Everything until the connection is closed."""
        found = []
        try:
            while True:
                found.append(self.frame())
        except (EOFError, ConnectionResetError):
            return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            chunk = self.socket.recv(65_536)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def close(self) -> None:
        self.socket.close()

    def __del__(self) -> None:
        self.close()  # where a test has failed before


def messages_of(frame: bytes) -> list[dict[str, Any]]:
    found = json.loads(frame)
    return found if isinstance(found, list) else [found]
