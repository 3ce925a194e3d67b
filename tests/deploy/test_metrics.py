"""The dashboard and the alerts speak of figures that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client import ProcessCollector

from web.gauges import Gauges

if TYPE_CHECKING:
    from prometheus_client import Metric

    from core.bootstrap import House

ROOT = Path(__file__).parents[2]
OF_PROMETHEUS = {"up"}  # what it tells itself
BY_PROMETHEUS = {"job", "instance"}  # labels that it adds


def alerts() -> list[dict[str, Any]]:
    told = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    told = json.loads((ROOT / "deploy/grafana/onetimeshare.json").read_text())
    return [panel for panel in told["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*asked, *(rule["expr"] for rule in alerts())]


def samples(family: Metric) -> set[str]:
    """Name what a family writes."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {family.name + ending for ending in endings.get(family.type, ("",))}


@pytest.fixture
def families(house: House) -> list[Metric]:
    """List what a process tells, and what it tells of itself on any system."""
    Gauges(house)
    return [*house.metrics.registry.collect(), *ProcessCollector(registry=None).collect()]


def test_dashboard_and_alerts_ask_for_what_is_told(families: list[Metric]) -> None:
    """Every figure in them is one of ours, by the name under which it is written."""
    told = set().union(*(samples(family) for family in families)) | OF_PROMETHEUS
    for expression in expressions():
        assert expression.count("(") == expression.count(")"), expression
        asked = set(re.findall(r"\b(?:onetimeshare|process)_\w+|\bup\b", expression))
        assert asked, expression
        assert asked <= told, expression


def test_labels_in_them_exist(families: list[Metric], house: House) -> None:
    """What they select and sum by is a label of some figure."""
    collectors = house.metrics.registry._names_to_collectors.values()
    labels = {name for one in collectors for name in getattr(one, "_labelnames", ())}
    for expression in expressions():
        by = ", ".join(re.findall(r"by \(([^)]+)\)", expression)).split(", ")
        selected = re.findall(r"[{,]\s*(\w+)=", expression)
        assert {*by, *selected} - {""} <= labels | BY_PROMETHEUS | {"le"}, expression


def test_every_alert_is_told_and_explained() -> None:
    """Each has a severity, a sentence, and a row in docs/operations.md; no name comes twice."""
    rules = alerts()
    names = [rule["alert"] for rule in rules]
    assert len(set(names)) == len(names)
    explained = (ROOT / "docs/operations.md").read_text()
    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in explained


def test_every_figure_is_explained(families: list[Metric]) -> None:
    """docs/operations.md has a row for each figure that is ours, and for no other."""
    text = (ROOT / "docs/operations.md").read_text()
    rows = set(re.findall(r"^\| `(onetimeshare_\w+)`", text, re.MULTILINE))
    endings = {"counter": "_total"}
    ours = {one.name + endings.get(one.type, "") for one in families}
    assert rows == {name for name in ours if name.startswith("onetimeshare_")}


def test_panels_have_their_own_places() -> None:
    """No panel covers another, and each names its data source by the dashboard's variable."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        own = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not own & taken, panel["title"]
        taken |= own
        assert panel["datasource"]["uid"] == "${datasource}"
