"""What this process tells Prometheus of itself: counted on the way, in memory, without a wait.

Labels are few and known beforehand: a route, a status, a door, a step. None names a person, an
address, a secret or a file. Each process tells its own; Prometheus adds them up.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from core.allowance import LIMITS
from core.receipts import Event
from core.statistics import BYTES_IN, BYTES_OUT, LIMIT_HIT, SEALED, WRONG_PASSWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

# In seconds: a step on this machine or beside it, and a request, which may hold a whole transfer.
STEP = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
REQUEST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0)
LAG_EVERY = 0.5  # seconds
DOORS = ("web", "telegram", "discord")


class Step:
    """Times its block, less what it waits for elsewhere, and counts its failures.

    A class, not a generator: it is in every round trip, and costs half as much.
    """

    __slots__ = ("_began", "_failed_elsewhere", "_failures", "_seconds", "_spent_elsewhere")

    def __init__(self, seconds: Histogram, failures: Counter) -> None:
        self._seconds = seconds
        self._failures = failures
        self._spent_elsewhere = 0.0
        self._failed_elsewhere = False

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._seconds.observe(time.perf_counter() - self._began - self._spent_elsewhere)
        if kind is not None and issubclass(kind, Exception) and not self._failed_elsewhere:
            self._failures.inc()

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Wait in the block for what is no part of the step."""
        began = time.perf_counter()
        try:
            yield
        except BaseException:
            self._failed_elsewhere = True
            raise
        finally:
            self._spent_elsewhere += time.perf_counter() - began


class Metrics:
    """Every figure that is counted on the way, by name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._count_web()
        self._count_secrets()
        self._count_parts()
        self._count_doors()

    def _count_web(self) -> None:
        requests = self._counter(
            "http_requests", "Requests that were answered.", "method", "route", "status"
        )
        seconds = self._histogram(
            "http_request_duration_seconds", "From head to last byte.", REQUEST, "route"
        )
        # To look a label up costs more than to count it.
        self._request = cache(requests.labels)
        self._seconds_of = cache(seconds.labels)

    def _count_secrets(self) -> None:
        sealed = self._counter("secrets_sealed", "Secrets that were taken in.", "door")
        content = self._counter(
            "content_bytes", "Bytes of content that went in and out, in full KiB.", "direction"
        )
        # What the statistics count too, there from the start: a rate needs a first value.
        self._figures = {f"{SEALED}{door}": sealed.labels(door) for door in DOORS} | {
            BYTES_IN: content.labels("in"),
            BYTES_OUT: content.labels("out"),
            WRONG_PASSWORDS: self._counter("wrong_passwords", "Wrong passwords for secrets."),
        }
        refusals = self._counter("limit_hits", "Refusals by a limit.", "limit")
        self._figures |= {f"{LIMIT_HIT}{limit}": refusals.labels(limit) for limit in LIMITS}
        events = self._counter(
            "secret_events", "What happened to secrets, as their senders are told.", "event", "door"
        )
        self.event = cache(events.labels)
        for event in Event:
            for door in DOORS:
                self.event(event.value, door)

    def _count_parts(self) -> None:
        self._trip_seconds = self._histogram(
            "redis_trip_duration_seconds", "How long calls to Redis waited for their answers.", STEP
        )
        self._trip_failures = self._counter("redis_trip_failures", "Calls to Redis that failed.")
        seconds = self._histogram(
            "blob_step_duration_seconds", "Steps of the blob store.", STEP, "step"
        )
        failures = self._counter("blob_step_failures", "Steps that failed.", "step")
        self._seconds_of_step = cache(seconds.labels)
        self._failures_of_step = cache(failures.labels)
        self.passwords = self._gauge(
            "password_checks", "Passwords that are being checked, or wait for it."
        )
        self.lag_seconds = self._histogram(
            "event_loop_lag_seconds", "How late the event loop was at what was due.", STEP
        )
        self.tasks = self._gauge("event_loop_tasks", "What this process has at work at once.")

    def _count_doors(self) -> None:
        self.receipts = self._counter(
            "receipts", "Receipts that came to a door: told, dropped, failed.", "door", "outcome"
        )
        self._contact = self._gauge(
            "door_contact_timestamp_seconds", "When its platform last answered a door.", "door"
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"onetimeshare_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"onetimeshare_{name}", what, labels, registry=self.registry)

    def _histogram(
        self, name: str, what: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"onetimeshare_{name}", what, labels, buckets=buckets, registry=self.registry
        )

    def count(self, figure: str, amount: int) -> None:
        """Count what the statistics count, where it is told here under that name."""
        if figure in self._figures:
            self._figures[figure].inc(amount)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; method and route must be of a known few."""
        self._request(method, route, status).inc()
        self._seconds_of(route).observe(seconds)

    def redis_trip(self) -> Step:
        """Take the time of a round trip."""
        return Step(self._trip_seconds, self._trip_failures)

    def blob_step(self, name: str) -> Step:
        """Take the time of a step of the blob store."""
        return Step(self._seconds_of_step(name), self._failures_of_step(name))

    def contact(self, door: str) -> None:
        """Note that a door's platform answered just now."""
        self._contact.labels(door).set_to_current_time()

    async def watch_loop(self) -> None:
        """Look every half a second how late the loop is and how much it has, until cancelled."""
        while True:
            due = time.perf_counter() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self.lag_seconds.observe(max(0.0, time.perf_counter() - due))
            self.tasks.set(len(asyncio.all_tasks()))
