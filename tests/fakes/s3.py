"""An S3 server on loopback: moto's, in a process of its own, one request after the other.

As a program it prints its port and serves until it is ended. It does one thing at a time, since
moto looks whether an object is there and puts it in two steps, and S3 does so in one.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BUCKET = "secrets"
KEYS = {"AWS_ACCESS_KEY_ID": "the-key-id", "AWS_SECRET_ACCESS_KEY": "the-secret-key"}
SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={KEYS['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request"
)
_KEY = re.compile("<Key>(.*?)</Key>")


class Server:
    """Where it listens, and what an operator would see in it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, port: int | None = None, bucket: str = BUCKET) -> str:
        """Write a BLOBS_URL with a prefix of its own, straight or through a proxy's port."""
        endpoint = f"http://127.0.0.1:{port or self.port}"
        return f"s3://{bucket}/{secrets.token_hex(4)}?endpoint={endpoint}&region=us-east-1"

    def keys(self, prefix: str) -> list[str]:
        """Name the objects whose names begin so."""
        return _KEY.findall(self.ask("GET", f"/{BUCKET}?list-type=2&prefix={prefix}"))

    def unfinished(self, prefix: str) -> list[str]:
        """Name the uploads in parts that were begun and neither completed nor aborted."""
        begun = _KEY.findall(self.ask("GET", f"/{BUCKET}?uploads"))
        return [key for key in begun if key.startswith(prefix)]

    def ask(self, method: str, path: str) -> str:
        """Send one request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request(method, path, headers={"Authorization": SIGNED})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status < 300, text
            return text


@contextmanager
def s3_server() -> Iterator[Server]:
    """Run one, with an empty bucket, in the block."""
    with subprocess.Popen(  # noqa: S603 - this file
        [sys.executable, __file__], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            server = Server(int(process.stdout.readline()))
            server.ask("PUT", f"/{BUCKET}")
            yield server
        finally:
            process.kill()


def _serve() -> None:
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - the program's alone
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    application = DomainDispatcherApplication(create_backend_app)
    alone = threading.Lock()

    def one(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with alone:
            return [b"".join(application(environ, start))]

    server = make_server("127.0.0.1", 0, one, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve()
