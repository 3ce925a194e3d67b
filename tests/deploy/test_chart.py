"""The chart: what it renders is what Kubernetes takes, and what the server reads."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from core.bootstrap import open_vault
from core.settings import Settings
from tests.deploy.chart import (
    CHART,
    component,
    environment,
    named,
    of_kind,
    pods,
    render,
)
from tests.deploy.names import setting_names
from tests.deploy.tools import run
from tests.deploy.variants import SECRETS, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.deploy.variants import Object

OF_OPERATORS = {"PodMonitor", "PrometheusRule", "HTTPRoute"}  # no part of Kubernetes' own API
OLDEST, NEWEST = "1.30.0", "1.37.0"

variants = pytest.mark.parametrize("variant", VARIANTS)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@variants
def test_kubernetes_takes_what_is_rendered(variant: str, version: str) -> None:
    """Every object fits the schema of its kind, and has nothing that the schema doesn't know."""
    names = set()
    for one in render(VARIANTS[variant], version):
        names.add((one["kind"], one["metadata"]["name"]))
        if one["kind"] not in OF_OPERATORS:
            kubernetes_validate.validate(one, version, strict=True)
    assert len(names) == len(render(VARIANTS[variant], version))


def test_helm_finds_no_fault(tmp_path: Path) -> None:
    """`helm lint --strict` has nothing to say."""
    values = tmp_path / "values.json"
    values.write_text(json.dumps(VARIANTS["everything"]))
    assert "0 chart(s) failed" in run("helm", "lint", "--strict", str(CHART), "-f", str(values))


def test_chart_is_of_this_version() -> None:
    """The image that the chart takes by itself is that of the project's version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((CHART.parents[2] / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]


@variants
def test_server_reads_what_pods_are_told(variant: str) -> None:
    """Each pod's settings can be used, and a stop has the time that it may take."""
    objects = render(VARIANTS[variant])
    for pod in pods(objects):
        settings = Settings.parse(environment(objects, pod))
        assert settings.public_url == "https://share.example.org"
        assert settings.redis_url is not None
        assert settings.metrics_port == 9465
        patience = pod["spec"]["terminationGracePeriodSeconds"]
        assert patience >= settings.stop.delay + settings.stop.timeout + 5


def test_every_setting_can_be_set() -> None:
    """Values, secrets and the chart's own variables are all the settings that there are."""
    settings = dict.fromkeys(values()["settings"], "10")
    own = {"PUBLIC_URL": "https://a", "BLOBS_URL": "s3://b", "STOP_DELAY": "1s"}
    given = VARIANTS["everything"] | {"settings": settings | own}
    objects = render(given)
    told = set().union(*(environment(objects, pod) for pod in pods(objects)))
    assert told - {"SSL_CERT_FILE"} == setting_names()
    assert values()["settings"].keys() | SECRETS.keys() <= setting_names()


def test_numbers_are_written_as_they_are() -> None:
    """A large number stays a number, and YAML's `off` a switch."""
    settings = VARIANTS["bucket"]["settings"] | {"UPLOADS_PER_HOUR": 1000000, "WEB_UPLOAD": False}
    objects = render(VARIANTS["bucket"] | {"settings": settings})
    told = named(objects, "ConfigMap", "ots-onetimeshare")["data"]
    assert (told["UPLOADS_PER_HOUR"], told["WEB_UPLOAD"]) == ("1000000", "false")
    assert Settings.parse(told | {"SECRET_KEY": SECRETS["SECRET_KEY"]}).web_upload is False


def test_each_shard_knows_its_number() -> None:
    """As many pods as shards, each with its own number; a single one needs none."""
    objects = render(VARIANTS["everything"])
    [shards] = of_kind(objects, "StatefulSet")
    told = environment(objects, shards["spec"]["template"])
    assert (shards["spec"]["replicas"], told["DISCORD_SHARD_COUNT"]) == (3, "3")
    objects = render(VARIANTS["volume"])
    [single] = of_kind(objects, "StatefulSet")
    assert "DISCORD_SHARD_COUNT" not in environment(objects, single["spec"]["template"])


@pytest.mark.parametrize(
    ("variant", "strategy"), [("volume", "Recreate"), ("everything", "RollingUpdate")]
)
def test_only_one_asks_telegram(variant: str, strategy: str) -> None:
    """Without a webhook the old pod ends before the new one begins."""
    bot = named(render(VARIANTS[variant]), "Deployment", "ots-onetimeshare-telegram")
    assert bot["spec"]["strategy"]["type"] == strategy


def test_new_settings_are_new_pods() -> None:
    """A changed setting or secret changes every pod, so that none goes on with the old one."""
    before = VARIANTS["volume"]
    after = [
        before | {"settings": before["settings"] | {"MAX_LIFETIME": "1d"}},
        before | {"secrets": {"values": SECRETS | {"ADMIN_PASSWORD_HASH": "other"}}},
    ]
    for changed in after:
        for old, new in zip(pods(render(before)), pods(render(changed)), strict=True):
            assert (old["metadata"] != new["metadata"]) == (component(old) != "doctor")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Give a folder as Kubernetes makes it for a pod."""
    tmp_path.chmod(0o2777)
    return tmp_path


async def test_data_folder_is_made_in_a_volume_that_is_open(volume: Path) -> None:
    """Everybody may use a pod's empty folder; the process makes one for itself in it."""
    objects = render(VARIANTS["bucket"])
    told = environment(objects, next(pods(objects)))
    folder = told["DATA_DIR"].replace("/data", str(volume), 1)
    async with open_vault(Settings.parse({"DATA_DIR": folder})):
        assert (volume / "onetimeshare").stat().st_mode & 0o777 == 0o700


def test_watching_is_what_is_watched_elsewhere() -> None:
    """Alerts and dashboard are those of deploy/, and the job's name is the one they ask for."""
    objects = render(VARIANTS["everything"])
    deploy = CHART.parents[1]
    [rule] = of_kind(objects, "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((deploy / "prometheus/alerts.yml").read_text())
    dashboard = named(objects, "ConfigMap", "ots-onetimeshare-dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    told = json.loads(dashboard["data"]["onetimeshare.json"])
    assert told == json.loads((deploy / "grafana/onetimeshare.json").read_text())
    [monitor] = of_kind(objects, "PodMonitor")
    for pod in pods(objects):
        job = pod["metadata"]["labels"][monitor["spec"]["jobLabel"]]
        assert job.startswith("onetimeshare")
        assert (
            monitor["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        )


def test_doctor_looks_with_what_the_pods_have() -> None:
    """`helm test` runs the doctor with everything that any of the pods knows."""
    objects = render(VARIANTS["everything"])
    by_component = {component(pod): pod for pod in pods(objects)}
    doctor = by_component.pop("doctor")
    assert doctor["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert doctor["spec"]["containers"][0]["args"] == ["doctor"]
    known = environment(objects, doctor)
    for pod in by_component.values():
        unknown = environment(objects, pod).items() - known.items()
        assert all(name.startswith("DISCORD_SHARD_") for name, _ in unknown)


def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return read


def test_schema_and_values_name_the_same() -> None:
    """Each value has its default and comment, and no name passes that has none."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert schema["properties"].pop("global") == {"type": "object"}  # Helm's own
    assert set(_known(schema)) == set(_given(schema, values()))


def _known(schema: Object, at: str = "") -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{at}.{name}"
        yield from _known(inner, f"{at}.{name}")


def _given(schema: Object, told: Object, at: str = "") -> Iterator[str]:
    if "properties" in schema:
        assert schema["additionalProperties"] is False, at
        for name, inner in told.items():
            yield f"{at}.{name}"
            yield from _given(schema["properties"].get(name, {}), inner, f"{at}.{name}")
