"""What every pod of the chart keeps to, whatever the values say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.chart import component, named, of_kind, pods, render, selected
from tests.deploy.variants import VARIANTS

if TYPE_CHECKING:
    from tests.deploy.variants import Object

variants = pytest.mark.parametrize("variant", VARIANTS)


def ports(pod: Object) -> dict[str, int]:
    [container] = pod["spec"]["containers"]
    return {port["name"]: port["containerPort"] for port in container.get("ports", [])}


@variants
def test_pods_can_do_little(variant: str) -> None:
    """None runs as root, writes where it need not, or may ask anything of the cluster."""
    for pod in pods(render(VARIANTS[variant])):
        spec = pod["spec"]
        [container] = spec["containers"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert ":" in container["image"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert not any("hostPath" in volume for volume in spec["volumes"])


@variants
def test_every_process_is_asked_how_it_is(variant: str) -> None:
    """What runs on has all three probes, at ports that it has; what ends by itself has none."""
    for pod in pods(render(VARIANTS[variant])):
        [container] = pod["spec"]["containers"]
        probes = {name: one["httpGet"] for name, one in container.items() if "Probe" in name}
        if component(pod) == "doctor":
            assert not probes
            continue
        assert probes.keys() == {"startupProbe", "livenessProbe", "readinessProbe"}
        assert {probe["port"] for probe in probes.values()} <= ports(pod).keys()
        assert probes["livenessProbe"]["path"] == "/healthz"
        assert probes["readinessProbe"]["path"] == "/readyz"


@pytest.mark.parametrize("variant", ["volume", "everything"])
def test_secrets_are_in_the_secret_alone(variant: str) -> None:
    """No value of a secret is in any other object, and each pod gets only what is for it."""
    objects = render(VARIANTS[variant])
    [secret] = of_kind(objects, "Secret")
    assert "marked" in str(secret)
    others = [one for one in objects if one is not secret]
    for hidden in VARIANTS[variant]["secrets"]["values"].values():
        assert hidden not in str(others)
    for pod in pods(objects):
        names = {one["name"] for one in pod["spec"]["containers"][0]["env"]}
        assert ("TELEGRAM_BOT_TOKEN" in names) == (component(pod) in {"telegram", "doctor"})
        assert ("DISCORD_BOT_TOKEN" in names) == (component(pod) in {"discord", "doctor"})
        assert ("ADMIN_PASSWORD_HASH" in names) == (component(pod) in {"web", "doctor"})


@variants
def test_selectors_take_the_pods_that_they_mean(variant: str) -> None:
    """Whatever chooses pods chooses those of one component, by ports that these have."""
    objects = render(VARIANTS[variant])
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        assert selected(one["spec"]["selector"]["matchLabels"], one["spec"]["template"])
    for one in of_kind(objects, "Service", "Deployment", "StatefulSet", "PodDisruptionBudget"):
        chosen = one["spec"]["selector"]
        chosen = chosen.get("matchLabels", chosen)
        [pod] = [pod for pod in pods(objects) if selected(chosen, pod)]
        assert component(pod) == component(one)
        for port in one["spec"].get("ports", []):
            assert port["targetPort"] in ports(pod)


def backends(rule: Any) -> list[tuple[str, str | int]]:
    """Find every Service, with its port, that something leads to."""
    if isinstance(rule, list):
        return [found for one in rule for found in backends(one)]
    if not isinstance(rule, dict):
        return []
    found = [(one["name"], one["port"]) for one in rule.get("backendRefs", [])]
    if "service" in rule:
        found.append((rule["service"]["name"], rule["service"]["port"]["name"]))
    return found + [more for one in rule.values() for more in backends(one)]


@pytest.mark.parametrize("variant", ["everything", "gateway"])
def test_ways_in_lead_somewhere(variant: str) -> None:
    """Ingress and route know web and webhook, each by a port that its Service has."""
    objects = render(VARIANTS[variant])
    for kind in {"Ingress", "HTTPRoute"} & {one["kind"] for one in objects}:
        found = backends([one["spec"] for one in of_kind(objects, kind)])
        assert {name for name, _ in found} == {"ots-onetimeshare", "ots-onetimeshare-telegram"}
        for name, wanted in found:
            [port] = named(objects, "Service", name)["spec"]["ports"]
            assert wanted in {port["name"], port["port"]}


def test_streams_pass_the_ingress() -> None:
    """Nginx is told to hold back nothing and to limit nothing: the server has its own limit."""
    [ingress] = of_kind(render(VARIANTS["everything"]), "Ingress")
    told = ingress["metadata"]["annotations"]
    at = "nginx.ingress.kubernetes.io/proxy-"
    assert (told[f"{at}body-size"], told[f"{at}request-buffering"]) == ("0", "off")
    assert told[f"{at}buffering"] == "off"


@variants
def test_network_policies_cover_all_pods(variant: str) -> None:
    """Each pod has a policy for both ways; only open ports are named, and metrics are for few."""
    objects = render(VARIANTS[variant])
    policies = of_kind(objects, "NetworkPolicy")
    if not policies:
        assert VARIANTS[variant]["networkPolicy"] == {"enabled": False}
        return
    for pod in pods(objects):
        [policy] = [
            one for one in policies if selected(one["spec"]["podSelector"]["matchLabels"], pod)
        ]
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        for rule in policy["spec"]["ingress"]:
            assert {port["port"] for port in rule["ports"]} <= ports(pod).keys()
            assert rule.get("from") or rule["ports"] != [{"port": "metrics", "protocol": "TCP"}]
        assert all(rule["ports"] for rule in policy["spec"]["egress"])


def test_bots_reach_what_they_need_and_no_neighbours() -> None:
    """A bot may ask for names, Redis and the internet; the cluster's own networks are left out."""
    policy = named(render(VARIANTS["volume"]), "NetworkPolicy", "ots-onetimeshare-discord")
    names, redis, internet = policy["spec"]["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert {port["port"] for port in redis["ports"]} == {6379, 26379}
    assert internet["ports"] == [{"port": 443, "protocol": "TCP"}]
    by_family = {one["ipBlock"]["cidr"]: one["ipBlock"]["except"] for one in internet["to"]}
    assert "10.0.0.0/8" in by_family["0.0.0.0/0"]
    assert by_family["::/0"] == ["fc00::/7"]
    web = named(render(VARIANTS["volume"]), "NetworkPolicy", "ots-onetimeshare-web")
    assert len(web["spec"]["egress"]) == 2  # without a bucket it has no business outside
