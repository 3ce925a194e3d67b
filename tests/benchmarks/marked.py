"""Our server with marks around the steps of a request; SIGUSR1 writes down what was added up."""

from __future__ import annotations

import inspect
import json
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.marks import Marks

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLD = "told.json"
HTTP_IN, HTTP_OUT = "HTTP: parse", "HTTP: the answer"
HANDLER, LOG = "middlewares and handler", "log line"
FIELDS, BODY = "fields of the request", "body of the request"
LIMITS, CIPHERS, LATCH = "limits", "keys and ciphers", "latch"
STORE = "blob store"
METRICS = "metrics"
# Where a module holds them, what follows is marked; classes by their methods. The order matters:
# what others import by name comes first.
STEPS = (
    ("core.keys", "", CIPHERS),
    ("core.keys", "ServerKey", CIPHERS),
    ("core.stream", "seal", CIPHERS),
    ("core.stream", "Chunks.open", CIPHERS),
    ("structlog", "BoundLoggerBase._proxy_to_logger", LOG),
    ("core.metrics", "Metrics.request", METRICS),
    ("core.limits", "Limits.count", LIMITS),
    ("core.blobs.measured", "MeasuredBlobs.put", STORE),
    ("core.blobs.measured", "MeasuredBlobs.shred", STORE),
    ("core.blobs.measured", "MeasuredBlobs.holder", LATCH),
    ("core.blobs.measured", "MeasuredBlobs.latch", LATCH),
    ("core.scripts", "Scripts.together", lambda _, *calls: _trip(calls)),
    ("web.fields", "Fields.read", FIELDS),
    ("web.connections", "Connection.data_received", HTTP_IN),
    ("aiohttp.streams", "StreamReader.read", BODY),
    ("aiohttp.web", "UrlDispatcher.resolve", "HTTP: route"),
    ("aiohttp.web", "Application._handle", HANDLER),
    ("aiohttp.web", "StreamResponse.prepare", HTTP_OUT),
    ("aiohttp.web", "StreamResponse.write_eof", HTTP_OUT),
    ("aiohttp.web", "Response.write_eof", HTTP_OUT),
)


def _trip(calls: tuple[tuple[Any, ...], ...]) -> str:
    return f"Redis: {', '.join(dict.fromkeys(str(call[0]) for call in calls))}"


def mark(marks: Marks) -> Iterator[str]:
    """Put marks around all of them; tell which are not there any more."""
    for module, path, name in STEPS:
        owner: Any = import_module(module)
        *parents, last = path.split(".") if path else [""]
        for parent in parents:
            owner = getattr(owner, parent, None)
        found = getattr(owner, last, None) if last else owner
        if found is None:
            yield f"{module}.{path}"
        elif inspect.ismodule(found) or inspect.isclass(found):
            for each, function in list(vars(found).items()):
                if inspect.isfunction(function) and not each.startswith("_"):
                    setattr(found, each, marks.around(name, function))
        else:
            setattr(owner, last, marks.around(name, found))


def _cost(marks: Marks) -> float:
    """Measure what one pair of marks takes, in ns."""
    empty = marks.around("nothing", lambda: None)
    started = time.perf_counter_ns()
    for _ in range(10_000):
        empty()
    return (time.perf_counter_ns() - started) / 10_000


def main() -> None:
    """Run as `onetimeshare run` does, marked."""
    marks = Marks()
    missing = list(mark(marks))
    cost = _cost(marks)
    marks.begin_anew()
    from onetimeshare import main as run  # noqa: PLC0415 - after the marks

    def tell(*_: object) -> None:
        told = {"steps": marks.told(), "missing": missing, "cost": cost}
        draft = Path(f"{TOLD}.draft")
        draft.write_text(json.dumps(told))
        draft.rename(TOLD)
        marks.begin_anew()

    signal.signal(signal.SIGUSR1, tell)
    sys.argv = ["onetimeshare", "run"]
    run()


if __name__ == "__main__":
    main()
