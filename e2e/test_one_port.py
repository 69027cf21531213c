"""One UDP port, whatever the number of workers."""

import re
import socket
import urllib.request

import pytest

from support.participant import Participant
from support.server import Server

WORKERS = 4

# Peers of data channels, one after the other; each counts what it hears.
CONNECT = """async count => {
  window.peers = []
  const answers = []
  for (let number = 0; number < count; number++) {
    const peer = { pc: new RTCPeerConnection(), heard: 0 }
    peer.pc.createDataChannel('time').onmessage = () => peer.heard++
    await peer.pc.setLocalDescription()
    const answer = await fetch('/sdp', {
      method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: peer.pc.localDescription.sdp })
    answers.push(await answer.text())
    await peer.pc.setRemoteDescription({ type: 'answer', sdp: answers.at(-1) })
    window.peers.push(peer)
  }
  return answers
}"""


@pytest.fixture(scope="module")
def wide_server():
    started = Server(workers=WORKERS).start()
    yield started
    code, took = started.stop()
    assert code == 0 and took <= 2


def handed_over(server):
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        return int(re.search(r"^jumpa_handed_over_datagrams_total (\d+)", answer.read().decode(), re.M)[1])


def test_every_worker_is_reached_by_the_one_port(browser, wide_server):
    """Peers of data channels are dealt out to the workers in turn: these are with each of them twice."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{wide_server.url}/datachannel")
    answers = page.evaluate(CONNECT, 2 * WORKERS)
    ports = {port for answer in answers for port in re.findall(r"a=candidate:\S+ 1 udp \d+ \S+ (\d+) ", answer)}
    assert ports == {str(wide_server.udp_port)}
    page.wait_for_function("() => window.peers.every(({ heard }) => heard > 1)", timeout=60_000)
    assert handed_over(wide_server) > 0
    context.close()


def test_rooms_on_all_workers_see_and_hear(chromium, firefox, wide_server):
    people = []
    try:
        for number in range(3):
            for browser, name in [(chromium, "Ana"), (firefox, "Budi")]:
                person = Participant(browser, wide_server, f"{name}{number}", hue=number * 100, tone=400 + len(people) * 150)
                people.append(person.join(f"room-{number}"))
        for left, right in zip(people[::2], people[1::2]):
            for viewer, seen in [(left, right), (right, left)]:
                viewer.wait_for_picture(seen.id)
                viewer.wait_for_tone(seen.id, seen.tone)
        assert not [problem for person in people for problem in person.problems]
    finally:
        for person in people:
            person.close()


def test_a_port_that_another_program_has_is_not_shared_with_it(wide_server):
    other = Server(workers=2)
    other.udp_port = wide_server.udp_port
    with pytest.raises(RuntimeError):
        other.start()
    assert other.process.wait(timeout=20) == 1
