"""Where UDP does not get through, the client finds another way by itself."""

import time

import pytest

from support.participant import only_udp
from support.relay import Relay
from support.server import Server
from support.turn import PORTS, TurnServer

@pytest.fixture(scope="module")
def turn():
    made = TurnServer()
    yield made
    made.close()


@pytest.fixture
def walled():
    """A server whose media port lets through what `walled.firewall.admits` says, to begin with only relays."""
    server = Server()
    server.firewall = Relay(server.udp_host, (server.udp_host, server.udp_port), admits=lambda port: port in PORTS)
    server.flags = ("--advertise", f"{server.udp_host}:{server.firewall.port}")
    server.start()
    yield server
    server.stop()
    server.firewall.close()


def connect(people, browser, name, server, room, servers):
    """Somebody who joins with camera and microphone and is connected, and how long that took in seconds from the click."""
    person = people(browser, name, before=only_udp(servers))
    person.server = server
    person.open(room)
    person.wait("Object.values(window.jumpa.media.tracks).every(Boolean)")
    person.find("name").fill(name)
    begun = time.monotonic()
    person.find("join").click()
    person.wait("window.jumpa.pc?.connectionState === 'connected'")
    return person, time.monotonic() - begun


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_where_the_media_port_is_closed_a_relay_is_found_by_one_restart(people, walled, turn, browser, transport):
    made = []
    for name in ("Ana", "Budi"):
        person, took = connect(people, browser, name, walled, "walled", turn.servers(transport))
        print(f"{browser.browser_type.name}: {name} connected over TURN/{transport.upper()} after {took:.1f} s")
        assert walled.firewall.latest in PORTS
        # One, and another one for each 5 s that this machine took longer.
        assert 1 <= person.page.evaluate("window.wire.count('negotiate')") <= 1 + max(0, took - 1.5) // 5
        made.append(person)
    ana, budi = made
    ana.wait_for_picture(budi.id)
    budi.wait_for_picture(ana.id)


def test_nobody_asks_a_relay_who_gets_through_without(people, walled, turn, browser):
    walled.firewall.admits = lambda port: True

    def asks_none(number):
        ana, _ = connect(people, browser, "Ana", walled, f"open-{number}", turn.servers("udp"))
        # The page looks once a second, and a restart would be due after one and a half.
        ana.wait("window.jumpa.store.state.statistics !== null && performance.now() - window.wire.sent[0].at > 2500")
        restarts = ana.page.evaluate("window.wire.count('negotiate')")
        port = walled.firewall.latest
        ana.close()
        return restarts == 0 and port not in PORTS

    # Where this machine takes too long to connect, other ways are due.
    assert any(asks_none(number) for number in range(4))


def test_a_path_that_closes_in_a_call_is_replaced_by_a_relay(people, walled, turn, browser, chromium):
    walled.firewall.admits = lambda port: True
    ana, _ = connect(people, browser, "Ana", walled, "closing", turn.servers("udp"))
    budi, _ = connect(people, chromium, "Budi", walled, "closing", turn.servers("udp"))
    ana.wait_for_picture(budi.id)
    frames = ana.picture(budi.id)["frames"]
    # It may be over as soon as it is shown.
    ana.page.evaluate("""() => {
      window.outages = []
      window.jumpa.store.watch(['outage'], ({ outage }) => window.outages.push(outage), new AbortController().signal)
    }""")
    walled.firewall.admits = lambda port: port in PORTS
    shown = ana.wait("window.outages.includes('media')")
    took = shown + ana.wait("window.jumpa.store.state.outage === null", timeout=30)
    print(f"{browser.browser_type.name}: the outage was shown after {shown:.1f} s and over after {took:.1f} s")
    ana.wait(f"window.probe.picture('{budi.id}')?.frames > {frames} + 5", timeout=30)
    assert walled.firewall.latest in PORTS


# A stay in virtual time: phases with the moment they begin, and what happens to the try under way; the answer is when
# ICE is restarted.
RESTARTS = """async ([phases, hasRelays, signs, until]) => {
  const { entered, nextRestart, progressed, tried, untried, vain } = await import('/recovery.js')
  let tries = untried()
  const restarts = []
  for (let now = 0; now <= until; now += 100) {
    const [phase] = phases.findLast(([, begins]) => begins <= now)
    tries = entered(tries, phase, now)
    for (const [sign] of signs.filter(([, at]) => at === now)) {
      tries = sign === 'progress' ? progressed(tries, now) : vain(tries)
    }
    const at = nextRestart(tries, hasRelays)
    if (at === null || at > now) continue
    restarts.push(now)
    tries = tried(tries, now)
  }
  return restarts
}"""

RECOVERIES = {
    "connected soon": ([("connecting", 0), ("idle", 1400)], True, [], []),
    "never connected": ([("connecting", 0)], True, [], [1500, 6500, 16500, 36500, 56500]),
    "no relays": ([("connecting", 0)], False, [], []),
    "given up": ([("connecting", 0), ("broken", 8000)], False, [], [8000, 13000, 23000, 43000]),
    "given up with relays": ([("connecting", 0), ("broken", 8000)], True, [], [1500, 6500, 16500, 36500, 56500]),
    "mended": ([("idle", 0), ("broken", 3000), ("idle", 4000)], True, [], [3000]),
    "broken again": ([("idle", 0), ("broken", 3000), ("idle", 4000), ("broken", 5000)], False, [], [3000, 5000, 10000, 20000, 40000, 60000]),
    "flapping": ([("broken", 0), ("idle", 100), ("broken", 200), ("idle", 300), ("broken", 1300), ("idle", 1400)], True, [], [0, 1300]),
    "slow relays": ([("connecting", 0), ("idle", 9000)], True, [("progress", 5000), ("progress", 6200)], [1500]),
    "endless progress": ([("connecting", 0)], True, [("progress", at) for at in range(1600, 50_000, 500)], [1500, 21500, 46500]),
    "progress of the try before": ([("connecting", 0)], True, [("progress", 1400)], [1500, 6500, 16500, 36500, 56500]),
    "the server gave up": ([("idle", 0), ("broken", 3000), ("idle", 20_000)], True, [("vain", 3200), ("vain", 9000)], [3000, 4000, 9000]),
}


@pytest.mark.parametrize("case", RECOVERIES)
def test_ice_is_restarted_when_other_ways_are_due_and_not_more_often(people, chromium, case):
    phases, has_relays, signs, expected = RECOVERIES[case]
    page = people(chromium, "Ana").open("restarts").page
    assert page.evaluate(RESTARTS, [phases, has_relays, signs, 60_000]) == expected


def test_relays_are_asked_at_a_restart_and_not_before_and_useless_ones_stop_nothing(people, server, browser):
    servers = [{"urls": ["turn:192.0.2.7:3478"], "username": "ana", "credential": "word"}]

    def unrestarted():
        """Whoever was connected before another way was due: a machine without time for that says nothing."""
        for number in range(4):
            ana = people(browser, "Ana", before=only_udp(servers)).join(f"later-{number}")
            relays, restarts = ana.page.evaluate(
                "[window.jumpa.pc.getConfiguration().iceServers ?? [], window.wire.count('negotiate')]")
            if restarts == 0:
                break
            ana.close()
        assert relays == []
        return ana

    ana = unrestarted()
    restart = "() => { window.jumpa.meeting.call.renegotiate({ restartIce: true }) }"
    ana.page.evaluate(restart)
    ana.wait("window.jumpa.pc.getConfiguration().iceServers?.[0]?.credential === 'word'")
    ana.wait("window.jumpa.pc.signalingState === 'stable' && window.jumpa.pc.connectionState === 'connected'")
    ana.page.evaluate("() => { window.jumpa.meeting.call.servers = [{ urls: ['nonsense'] }] }")
    ana.page.evaluate(restart)
    ana.wait("window.wire.count('negotiate') >= 2 && window.jumpa.pc.signalingState === 'stable'")
    ana.wait("window.jumpa.pc.connectionState === 'connected'")
    # Who comes by no relay need not hurry.
    restarts = ana.page.evaluate("window.wire.count('negotiate')")
    ana.hear("ice-servers", {"iceServers": [{**servers[0], "credential": "next word"}]})
    ana.wait("window.jumpa.meeting.call.servers[0].credential === 'next word'")
    ana.page.evaluate(restart)
    ana.wait("window.jumpa.pc.getConfiguration().iceServers?.[0]?.credential === 'next word'")
    assert ana.page.evaluate("window.wire.count('negotiate')") <= restarts + 1
