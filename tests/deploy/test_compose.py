"""The compose files, read by docker-compose itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.deploy.names import setting_names
from tests.deploy.tools import run

ROOT = Path(__file__).parents[2]
ALONE, TLS = ("docker-compose.yml",), ("docker-compose.yml", "docker-compose.tls.yml")
OURS = ("web", "telegram", "discord")
FIXED = {"HOST", "PORT", "DATA_DIR", "TELEGRAM_WEBHOOK_PORT"}  # as the image or its ports have them


def read(*files: str, **environment: str) -> dict[str, Any]:
    """Read compose files as they are brought up, without any .env."""
    named = [argument for file in files for argument in ("-f", str(ROOT / file))]
    profiles = ["--profile", "telegram", "--profile", "discord", "--env-file", os.devnull]
    environment["PATH"] = os.environ["PATH"]
    told = run("docker-compose", *named, *profiles, "config", "--format=json", env=environment)
    read: dict[str, Any] = json.loads(told)["services"]
    return read


def test_every_setting_can_be_set() -> None:
    """No setting is left out; what isn't set has the same default as without Docker."""
    services = read(*ALONE)
    given = {name: value for one in OURS for name, value in services[one]["environment"].items()}
    assert given.keys() - FIXED == setting_names() - FIXED
    told, default = Settings.parse(given), Settings.parse({})
    assert (told.policy, told.allowance) == (default.policy, default.allowance)


@pytest.mark.parametrize("files", [ALONE, TLS])
def test_containers_can_do_little(files: tuple[str, ...]) -> None:
    """Each is read-only, without swap and capabilities that it doesn't need."""
    for name, service in read(*files, DOMAIN="share.example.org").items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        if name != "redis":
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert service["mem_limit"] == service["memswap_limit"], name


def test_only_the_proxy_is_reached_from_outside() -> None:
    """With TLS nothing else publishes a port; people see its name, and its word counts."""
    services = read(*TLS, DOMAIN="share.example.org")
    assert {name for name, one in services.items() if one.get("ports")} == {"proxy"}
    proxy = services["proxy"]["networks"]["front"]["ipv4_address"]
    for name in OURS:
        environment = services[name]["environment"]
        assert environment["PUBLIC_URL"] == "https://share.example.org"
        assert environment["TRUSTED_PROXIES"] == proxy
        Settings.parse(environment)
    assert "front" not in services["redis"]["networks"]
    assert services["web"]["networks"].keys() == {"default", "front"}


def test_name_of_the_site_is_asked_for() -> None:
    """Without DOMAIN nothing starts, and it is said what to write."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        read(*TLS)
    assert "DOMAIN=share.example.org" in refused.value.stderr
