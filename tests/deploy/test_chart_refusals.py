"""The chart refuses what can't work, before anything is in the cluster."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploy.chart import render
from tests.deploy.variants import SECRETS, VARIANTS

if TYPE_CHECKING:
    from tests.deploy.variants import Object

REFUSED: dict[str, tuple[Object, str]] = {
    "no image": ({}, "image.repository: write"),
    "no address": ({}, "settings.PUBLIC_URL: write"),
    "no Redis": ({}, "REDIS_URL is missing"),
    "nowhere to keep": ({}, "secrets are lost with their pod"),
    "no key for a bucket": (
        VARIANTS["bucket"] | {"secrets": {"values": {"REDIS_URL": "redis://r"}}},
        "SECRET_KEY is missing",
    ),
    "no token": (VARIANTS["one pod"] | {"discord": {"enabled": True}}, "DISCORD_BOT_TOKEN is"),
    "two places": (VARIANTS["bucket"] | {"persistence": {"enabled": True}}, "take one of both"),
    "a volume for one": (VARIANTS["one pod"] | {"web": {"replicas": 2}}, "need ReadWriteMany"),
    "two secrets": (
        VARIANTS["bucket"] | {"secrets": {"existing": "a", "values": SECRETS}},
        "not both",
    ),
    "two who ask Telegram": (
        VARIANTS["bucket"] | {"telegram": {"enabled": True, "replicas": 2}},
        "TELEGRAM_WEBHOOK_URL",
    ),
    "no gateway": (VARIANTS["bucket"] | {"httpRoute": {"enabled": True}}, "name the Gateway"),
    "Prometheus is shut out": (
        VARIANTS["bucket"] | {"monitoring": {"podMonitor": {"enabled": True}}},
        "say where Prometheus is",
    ),
    "a slip of the pen": (VARIANTS["bucket"] | {"web": {"replics": 2}}, "'replics' not allowed"),
    "a setting that is none": (
        {"settings": {"MAX_FILESIZE": "1GB"}},
        "'MAX_FILESIZE' not allowed",
    ),
    "a secret as a setting": ({"settings": {"SECRET_KEY": "a"}}, "'SECRET_KEY' not allowed"),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_what_can_not_work_is_refused(refused: str) -> None:
    """Nothing is rendered, and a sentence says what to write."""
    given, told = REFUSED[refused]
    with pytest.raises(subprocess.CalledProcessError) as error:
        render(given)
    assert told in error.value.stderr
