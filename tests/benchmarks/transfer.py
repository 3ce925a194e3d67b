"""One large file over a blocking socket: nothing but the system's copy stands in its way."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass

from tests.benchmarks.client import END, FINE, LENGTH

PIECE = os.urandom(1_000_000)
BUFFER = 1024 * 1024
PATIENCE = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Secret:
    """What an upload made."""

    id: str
    key: str


def upload(port: int, size: int) -> tuple[float, Secret]:
    """Send so many bytes; answer the seconds until they were acknowledged, and the secret."""
    started = time.perf_counter()
    with _connected(port) as connection:
        connection.sendall(_head("/upload", size, "OTS-Kind: file"))
        left = size
        while left:
            piece = memoryview(PIECE)[:left]
            connection.sendall(piece)
            left -= len(piece)
        length, body = _answer(connection)
        while len(body) < length:
            body += connection.recv(BUFFER)
    told = json.loads(body)
    return time.perf_counter() - started, Secret(told["id"], told["link"].rpartition("#")[2])


def download(port: int, secret: Secret, size: int) -> float:
    """Receive so many bytes; answer the seconds that it took.

    Raises:
        RuntimeError: others came.
    """
    key = json.dumps({"key": secret.key}).encode()
    started = time.perf_counter()
    with _connected(port) as connection:
        path = f"/d/{secret.id}"
        connection.sendall(_head(path, len(key), "Content-Type: application/json") + key)
        length, body = _answer(connection)
        came, buffer = len(body), bytearray(BUFFER)
        while came < length and (more := connection.recv_into(buffer)):
            came += more
    if came != size:
        raise RuntimeError(f"{came} bytes came instead of {size}")
    return time.perf_counter() - started


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def _head(path: str, size: int, *headers: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode()


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read the head of the answer: how long the body is, and what of it came along."""
    came = b""
    while END not in came:
        piece = connection.recv(64 * 1024)
        if not piece:
            raise ConnectionResetError
        came += piece
    head, _, body = came.partition(END)
    at = head.find(LENGTH)
    if head[9:12] not in FINE or at < 0:
        raise RuntimeError(came[:300].decode(errors="replace"))
    return int(head[at + len(LENGTH) :].split(b"\r", 1)[0]), body
