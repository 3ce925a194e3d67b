"""The chart as helm renders it for what operators may want."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.deploy.tools import run
from tests.deploy.variants import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.variants import Object

CHART = Path(__file__).parents[2] / "deploy/helm/onetimeshare"


@cache
def _rendered(values: str, kubernetes: str) -> str:
    """Render once for all tests of a process: helm reads JSON as the YAML that it is."""
    command = ["template", "ots", str(CHART), "--namespace=here", "--values=/dev/stdin"]
    return run("helm", *command, f"--kube-version={kubernetes}", given=values)


def render(values: Object, kubernetes: str = "1.37.0") -> list[Object]:
    """Render; raises what `run` does where the chart refuses the values."""
    return list(filter(None, yaml.safe_load_all(_rendered(json.dumps(values), kubernetes))))


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one["kind"] in kinds]


def named(objects: list[Object], kind: str, name: str) -> Object:
    [found] = [one for one in of_kind(objects, kind) if one["metadata"]["name"] == name]
    return found


def pods(objects: list[Object]) -> Iterator[Object]:
    """Give the pods, and what pods are made of: each has `metadata` and `spec`."""
    yield from of_kind(objects, "Pod")
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        yield one["spec"]["template"]


def component(pod: Object) -> str:
    told: str = pod["metadata"]["labels"]["app.kubernetes.io/component"]
    return told


def selected(selector: Object, pod: Object) -> bool:
    """Tell whether `matchLabels`, or a Service's selector, takes a pod."""
    labels: dict[str, str] = pod["metadata"]["labels"]
    return selector.items() <= labels.items()


def environment(objects: list[Object], pod: Object) -> dict[str, str]:
    """Give what a pod's process finds, with the secrets of `SECRETS`."""
    [container] = pod["spec"]["containers"]
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        found |= named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    for one in container["env"]:
        if "value" in one:
            found[one["name"]] = one["value"]
        elif "secretKeyRef" in one["valueFrom"]:
            found[one["name"]] = SECRETS[one["name"]]
        else:
            path = one["valueFrom"]["fieldRef"]["fieldPath"]
            assert re.fullmatch(r"metadata\.labels\['apps\.kubernetes\.io/pod-index'\]", path)
            found[one["name"]] = "0"
    return found
