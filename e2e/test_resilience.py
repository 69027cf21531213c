"""What happens to a meeting when the network or the server does not do what it should."""

import signal
import types

import pytest

from support.guest import Guest
from support.proxy import Proxy
from support.relay import Relay
from support.server import Server


@pytest.fixture
def proxy(server):
    made = Proxy(server.port)
    yield made
    made.close()


def test_a_lost_websocket_leaves_media_alone_and_the_participant_comes_back(people, server, proxy, browser, chromium):
    ana = people(browser, "Ana")
    ana.server = types.SimpleNamespace(url=proxy.url)
    ana.join("cut")
    budi = people(chromium, "Budi").join("cut")
    ana_id, budi_id = ana.id, budi.id
    ana.wait_for_picture(budi_id)
    budi.wait_for_picture(ana_id)
    connection = ana.page.evaluate("() => { window.before = window.jumpa.pc; return true }")
    assert connection
    proxy.cut()
    took = ana.wait("document.querySelector('[data-testid=connection]').dataset.state === 'lost'", timeout=5)
    print(f"the outage was shown after {took:.2f} s")
    assert took <= 1.5
    ana.screenshot(f"outage-{browser.browser_type.name}")
    # The cut lasts five seconds by the other one's picture: it has to go on all the while.
    frames = budi.page.evaluate(
        """async id => {
          const counts = [], begun = performance.now()
          while (performance.now() - begun < 5000) {
            await new Promise(resolve => setTimeout(resolve, 1000))
            counts.push(window.probe.picture(id).frames)
          }
          return counts
        }""", ana_id)
    assert all(later - earlier >= 3 for earlier, later in zip(frames, frames[1:])), frames
    budi.find("toggle-chat").click()
    budi.find("chat-input").fill("are you there?")
    budi.find("chat-send").click()
    proxy.mend()
    ana.wait("document.querySelector('[data-testid=connection]').dataset.state === 'connected'")
    assert ana.id == ana_id
    assert ana.page.evaluate("() => window.before === window.jumpa.pc"), "media was torn down"
    ana.wait("window.jumpa.store.state.unread === 1")
    assert budi.page.locator(f"video-tile[data-participant='{ana_id}']").count() == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_after_a_restart_of_the_server_everybody_is_back_without_a_click(people, server, how, browser, chromium):
    ana, budi = people(browser, "Ana").join("restart"), people(chromium, "Budi").join("restart")
    before = ana.id
    ana.wait_for_picture(budi.id)
    ana.find("toggle-chat").click()
    ana.find("chat-input").fill("before the restart")
    ana.find("chat-send").click()
    ana.wait("document.querySelector('[data-testid=chat-message]') !== null")
    code, took = server.stop(how)
    if how == signal.SIGTERM:
        assert code == 0
        assert took <= 2
    server.start()
    for person in (ana, budi):
        person.wait(f"window.jumpa.store.state.self !== '{before}' && window.jumpa.pc?.connectionState === 'connected'")
        person.wait("window.jumpa.store.state.participants.length === 2")
    ana.wait_for_picture(budi.id)
    budi.wait_for_picture(ana.id)
    assert "before the restart" in ana.find("chat-message").first.inner_text()


def test_an_ice_restart_keeps_media_and_participant(people, browser, chromium):
    ana, budi = people(browser, "Ana").join("restart-ice"), people(chromium, "Budi").join("restart-ice")
    ana_id = ana.id
    budi.wait_for_picture(ana_id)
    fragment = "/a=ice-ufrag:(\\S+)/.exec(window.jumpa.pc.{}.sdp)[1]"
    before = ana.page.evaluate(f"() => {fragment.format('currentRemoteDescription')}")
    ana.page.evaluate("() => { window.jumpa.meeting.call.renegotiate({ restartIce: true }) }")
    ana.wait(f"{fragment.format('currentRemoteDescription')} !== '{before}'")
    ana.wait("window.jumpa.pc.connectionState === 'connected'")
    assert budi.frame_rate(ana_id, seconds=2) >= 5
    assert ana.id == ana_id


def test_somebody_who_only_claims_to_speak_is_no_outage(people, server, browser):
    ana = people(browser, "Ana").join("claims")
    guest = Guest(server).join("claims", "Budi")
    guest.send("update", {"media": {"microphone": True}})
    ana.wait("window.jumpa.store.state.participants.some(({ media, name }) => name === 'Budi' && media.microphone)")
    states = ana.page.evaluate(
        """async () => {
          const seen = new Set(), begun = performance.now()
          while (performance.now() - begun < 6000) {
            seen.add(document.querySelector('[data-testid=connection]').dataset.state)
            await new Promise(resolve => setTimeout(resolve, 100))
          }
          return [...seen]
        }""")
    assert states == ["connected"]
    guest.close()


def test_media_that_stops_is_shown_and_comes_back_by_itself(people, browser, chromium):
    server = Server()
    relay = Relay(server.udp_host, (server.udp_host, server.udp_port))
    server.flags = ("--advertise", f"{server.udp_host}:{relay.port}")
    server.start()
    try:
        ana, budi = people(browser, "Ana"), people(chromium, "Budi")
        for person in (ana, budi):
            person.server = server
            person.join("media")
        ana.wait_for_picture(budi.id)
        relay.is_cut = True
        took = ana.wait("document.querySelector('[data-testid=connection]').dataset.state === 'lost'", timeout=8)
        print(f"the outage of media was shown after {took:.2f} s")
        relay.is_cut = False
        ana.wait("document.querySelector('[data-testid=connection]').dataset.state === 'connected'")
        assert budi.frame_rate(ana.id, seconds=2) >= 5
    finally:
        server.stop()
        relay.close()
