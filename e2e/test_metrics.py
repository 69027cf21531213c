"""What monitoring reads, by the strict parser of those who wrote the format."""

import urllib.error
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support.guest import Guest
from support.server import Server


def metrics(server, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", headers=headers)
    with urllib.request.urlopen(request) as response:
        assert response.headers["Content-Type"] == (
            "application/openmetrics-text; version=1.0.0; charset=utf-8")
        return response.read().decode()


def families(server):
    return {family.name: family for family in text_string_to_metric_families(metrics(server))}


def value(known, name, **labels):
    family = known[name.removesuffix("_total")]
    found = [sample.value for sample in family.samples if sample.name == name and sample.labels == labels]
    assert len(found) == 1, (name, labels, family.samples)
    return found[0]


def test_metrics_are_open_metrics_and_count_people(server):
    known = families(server)
    assert value(known, "jumpa_participants") == 0
    assert value(known, "jumpa_process_resident_memory_bytes") > 1_000_000
    guest = Guest(server).join("a-secret-room", "Ana Secret")
    known = families(server)
    assert value(known, "jumpa_participants") == 1
    assert value(known, "jumpa_rooms") == 1
    assert value(known, "jumpa_joins_total") == 1
    assert value(known, "jumpa_websockets") == 1
    assert value(known, "jumpa_http_requests_total", status="2xx") >= 1
    text = metrics(server)
    assert "ecret" not in text
    guest.close()


def test_every_metric_has_help_and_a_known_unit_and_totals_only_grow(server):
    before = families(server)
    after = families(server)
    assert set(before) == set(after)
    for name, family in after.items():
        assert name.startswith("jumpa_") and family.documentation
        assert not family.unit or name.endswith(f"_{family.unit}")
        labels = {label for sample in family.samples for label in sample.labels}
        assert labels <= {"kind", "direction", "state", "cause", "client", "fate", "status", "le", "version", "configuration"}
        assert len(family.samples) <= 30, "no label without end"
        if family.type != "counter":
            continue
        earlier = {(s.name, tuple(s.labels.items())): s.value for s in before[name].samples}
        for sample in family.samples:
            assert sample.value >= earlier[sample.name, tuple(sample.labels.items())]


@pytest.mark.parametrize("headers", [
    {"Host": "meet.example"}, {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"},
])
def test_what_a_proxy_passes_on_is_not_answered(server, headers):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        metrics(server, **headers)
    assert refusal.value.code == 404


def test_nobody_is_nobody():
    server = Server("--metrics", "nobody").start()
    try:
        with pytest.raises(urllib.error.HTTPError) as refusal:
            metrics(server)
        assert refusal.value.code == 404
    finally:
        server.stop()
