"""TURN at the media port: relayed alone, a browser still reaches the server."""

import pytest

from support.waiting import wait_until
from test_datachannel import Page

# What somebody who joins is told, and a connection to the server's data-channel peer by the relay alone.
RELAYED = """
  window.told = () => new Promise((resolve, reject) => {
    const socket = window.socket = new WebSocket(`ws://${location.host}/ws`)
    socket.onopen = () => socket.send(JSON.stringify({ type: 'join', roomId: 'tea', payload: { name: 'Ana' } }))
    socket.onerror = reject
    socket.onmessage = ({ data }) => resolve(JSON.parse(data).payload.iceServers)
  })
  window.relayed = async (iceServers) => {
    const pc = window.pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' })
    const channel = window.channel = pc.createDataChannel('echo')
    window.heard = []
    channel.onmessage = ({ data }) => window.heard.push(data)
    await pc.setLocalDescription()
    await new Promise((resolve) => {
      const look = () => { if (pc.iceGatheringState === 'complete') resolve() }
      pc.onicegatheringstatechange = look
      look()
    })
    const answer = await fetch('/sdp', {
      method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
    await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
    return pc.localDescription.sdp
  }
"""


@pytest.fixture(params=["chromium", "firefox"])
def page(request, server):
    page = Page(request.getfixturevalue(request.param), server, bypass_csp=True)
    page.context.add_init_script(RELAYED)
    page.page.goto(f"{server.url}/livez")
    yield page.page
    page.context.close()


def test_a_browser_that_may_use_nothing_but_the_relay_connects(page):
    servers = page.evaluate("told()")
    assert [len(server["urls"]) for server in servers] == [1]
    sdp = page.evaluate("(servers) => relayed(servers)", servers)
    kinds = {line.split(" typ ")[1].split(" ")[0] for line in sdp.splitlines() if line.startswith("a=candidate:")}
    assert kinds == {"relay"}
    wait_until(page, "channel.readyState === 'open'")
    page.evaluate("channel.send('by the relay')")
    wait_until(page, "heard.includes('by the relay')")


def test_who_has_left_may_relay_no_longer(page):
    servers = page.evaluate("told()")
    page.evaluate("(servers) => relayed(servers)", servers)
    wait_until(page, "channel.readyState === 'open'")
    page.evaluate("socket.send(JSON.stringify({ type: 'leave' }))")
    wait_until(page, "pc.iceConnectionState !== 'connected' && pc.iceConnectionState !== 'completed'", 60)
    page.evaluate("pc.close()")
    sdp = page.evaluate("(servers) => relayed(servers)", servers)
    assert "typ relay" not in sdp
