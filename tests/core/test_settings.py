"""Settings: defaults, what is refused and how, and that the example and the docs are complete."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import CannotStart
from core.settings import Settings

ROOT = Path(__file__).parents[2]


def names_read() -> set[str]:
    code = "".join(path.read_text() for path in (ROOT / "core").glob("*.py"))
    return set(re.findall(r'form\.get\(\s*"([A-Z_]+)"', code))


def test_defaults() -> None:
    """Without a word from the operator the promised defaults hold."""
    settings = Settings.parse({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.public_url == "http://localhost:8080"
    assert settings.policy.max_size == 100_000_000
    assert settings.policy.default_lifetime == timedelta(hours=5)
    assert settings.policy.max_lifetime == timedelta(days=7)
    assert settings.policy.allowed == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PUBLIC_URL", "example.org"),
        ("PUBLIC_URL", "http://example.org"),
        ("PUBLIC_URL", "https://example.org/?x"),
        ("MAX_FILE_SIZE", "large"),
        ("DEFAULT_LIFETIME", "5 fortnights"),
        ("DEFAULT_LIFETIME", "8d"),
        ("DEFAULT_LIFETIME", "1s"),
        ("WEB_UPLOAD", "perhaps"),
        ("SECRET_KEY", "c2hvcnQ="),
        ("BLOBS_URL", "ftp://x"),
        ("BLOBS_URL", "s3:///prefix"),
        ("BLOBS_URL", "redis://host"),
        ("BLOBS_URL", "s3://key-id:secret@bucket"),
        ("BLOBS_URL", "s3://bucket?secret_access_key=x"),
        ("BLOBS_URL", "s3://bucket?endpoint=minio:9000"),
        ("AWS_ACCESS_KEY_ID", "without-a-secret"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("TELEGRAM_LOCAL_FILES", "relative/folder"),
        ("TELEGRAM_LOCAL_FILES", "/a/folder/without/a/server"),
        ("TELEGRAM_WEBHOOK_URL", "http://example.org/telegram"),
        ("TELEGRAM_WEBHOOK_PORT", "any"),
        ("METRICS_PORT", "tcp://10.0.0.1:9090"),
        ("LOG_FORMAT", "xml"),
        ("STOP_DELAY", "2h"),
        ("STOP_TIMEOUT", "0s"),
        ("DISCORD_SHARD_COUNT", "none"),
        ("DISCORD_SHARD_COUNT", "4096"),
        ("DISCORD_SHARD_ID", "0 of 2"),
    ],
)
def test_unusable_value_names_its_setting_and_never_prints(name: str, value: str) -> None:
    """A wrong value is told by the setting's name and a hint, without the value itself."""
    with pytest.raises(CannotStart) as refused:
        Settings.parse({name: value})
    assert name in refused.value.reason
    assert name == "PORT" or value not in refused.value.reason


@pytest.mark.parametrize(
    ("count", "number", "told"),
    [("2", "", "belong together"), ("", "0", "belong together"), ("2", "2", "from 0 to 1")],
)
def test_shard_that_is_none_of_its_bots_is_refused(count: str, number: str, told: str) -> None:
    """A process that would answer nobody, or everybody a second time, does not start."""
    with pytest.raises(CannotStart, match=told):
        Settings.parse({"DISCORD_SHARD_COUNT": count, "DISCORD_SHARD_ID": number})


def test_process_behind_a_proxy_takes_its_leave() -> None:
    """A proxy gets time to notice that a process stops; without one nobody waits for it."""
    assert Settings.parse({}).stop.delay == 0
    assert Settings.parse({"TRUSTED_PROXIES": "10.0.0.0/8"}).stop.delay == 5
    given = {"TRUSTED_PROXIES": "10.0.0.0/8", "STOP_DELAY": "0s", "STOP_TIMEOUT": "2m"}
    assert (Settings.parse(given).stop.delay, Settings.parse(given).stop.timeout) == (0, 120)


def test_all_wrong_values_are_told_at_once() -> None:
    """The operator needs one start to learn of every mistake."""
    with pytest.raises(CannotStart) as refused:
        Settings.parse({"PORT": "x", "MAX_FILE_SIZE": "y"})
    assert "PORT" in refused.value.reason
    assert "MAX_FILE_SIZE" in refused.value.reason


def test_slip_of_the_pen_is_no_default_in_silence(tmp_path: Path) -> None:
    """A name in .env that is nearly a setting's is refused with that one; others' names are not."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("MAX_FILESIZE=1MB\ntelegram_bot_tokens=1:x\nCOMPOSE_PROJECT_NAME=share\n")
    with pytest.raises(CannotStart) as refused:
        Settings.read(dotenv)
    assert "MAX_FILESIZE: there is no such setting; is it MAX_FILE_SIZE?" in refused.value.reason
    assert "TELEGRAM_BOT_TOKEN?" in refused.value.reason
    assert "COMPOSE" not in refused.value.reason
    dotenv.write_text("COMPOSE_PROFILES=telegram\nTZ=UTC\n")
    assert Settings.read(dotenv).port > 0


def test_slip_of_the_pen_in_the_environment_is_doubted() -> None:
    """There it may be somebody else's name: it is told, and stops nothing."""
    found = Settings.parse({"MAX_FILESIZE": "1MB", "HOSTNAME": "x", "REDIS_PORT": "tcp://10.0.0.1"})
    assert found.doubts == ("MAX_FILESIZE: there is no such setting; is it MAX_FILE_SIZE?",)


def test_bucket_needs_a_key_of_the_operators() -> None:
    """Replicas that share no folder would each make a server key of their own."""
    with pytest.raises(CannotStart) as refused:
        Settings.parse({"BLOBS_URL": "s3://bucket/prefix"})
    assert "SECRET_KEY" in refused.value.reason


def test_secrets_do_not_print() -> None:
    """No token and no key shows in a representation."""
    key = base64.b64encode(b"k" * 32).decode()
    settings = Settings.parse(
        {"TELEGRAM_BOT_TOKEN": "1:secret-token", "DISCORD_BOT_TOKEN": "secret-token"}
        | {"SECRET_KEY": key, "REDIS_URL": "redis://:secret-token@host"}
        | {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret-token"}
    )
    assert "secret-token" not in f"{settings!r} {settings.telegram_bot_token}"
    assert "kkkk" not in repr(settings)


def test_example_names_every_setting_with_its_default() -> None:
    """.env.example is complete, and reading it changes nothing."""
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert set(example) == names_read()
    assert Settings.parse(example) == Settings.parse({})


def test_docs_name_every_setting_with_its_default() -> None:
    """docs/configuration.md has a row for each setting, and what it says is the default is."""
    text = (ROOT / "docs/configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) ?\|", text, re.MULTILINE))
    assert set(rows) == names_read()
    told = {name: cell.strip("`") for name, cell in rows.items()}
    told["PUBLIC_URL"] = told["PUBLIC_URL"].replace("<PORT>", told["PORT"])
    told["BLOBS_URL"] = told["BLOBS_URL"].replace("DATA_DIR", Path("data").absolute().as_uri())
    assert told.pop("SECRET_KEY") == "made in `DATA_DIR"
    assert Settings.parse(told) == Settings.parse({})


def test_compose_passes_known_settings_only() -> None:
    """docker-compose.yml sets what the program reads, all its limits, from what .env explains."""
    text = (ROOT / "docker-compose.yml").read_text()
    passed = set(re.findall(r"^ {4,6}([A-Z_]+):", text, re.MULTILINE))
    assert passed <= names_read()
    assert {
        name for name in names_read() if name.startswith(("MAX", "DEFAULT", "ALLOWED"))
    } <= passed
    asked = dict(re.findall(r"\$\{([A-Z_]+):-(.*?)\}", text))
    assert set(asked) <= names_read()
    asked["PUBLIC_URL"] = f"http://localhost:{asked['PORT']}"
    assert asked.pop("METRICS_PORT")  # where the image's health check asks
    assert Settings.parse(asked) == Settings.parse({})
