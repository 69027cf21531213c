"""Each codec's layers through the server: a viewer who wants them decodes them, without standing still."""

import pytest

LARGE = {"camera": {"width": 1280, "height": 720, "rate": 10}}
# The page says how large its tiles are; here the test says it.
VIEW = """
(() => {
  const send = WebSocket.prototype.send;
  let last = null;
  window.setHeight = height => {
    window.forced = height;
    if (last) last.socket.send(JSON.stringify(last.message));
  };
  WebSocket.prototype.send = function (data) {
    let message = null;
    try { message = JSON.parse(data); } catch { /* not ours */ }
    if (message?.type !== "view") return send.call(this, data);
    last = { socket: this, message };
    const tiles = (message.payload.tiles ?? []).map(tile => (
      window.forced ? { ...tile, height: window.forced, width: Math.round(window.forced * 16 / 9) } : tile));
    return send.call(this, JSON.stringify({ ...message, payload: { ...message.payload, tiles } }));
  };
})();
"""
RECEIVED = """async () => {
  const stats = [...(await window.jumpa.pc.getStats()).values()];
  const videos = stats.filter(one => one.type === "inbound-rtp" && one.kind === "video" && one.framesDecoded > 0);
  const one = videos.sort((a, b) => b.framesDecoded - a.framesDecoded)[0];
  if (!one) return null;
  const codec = stats.find(({ id }) => id === one.codecId)?.mimeType ?? "";
  return { height: one.frameHeight, frames: one.framesDecoded, codec: codec.toLowerCase(), freezes: one.freezeCount ?? 0,
    lost: one.packetsLost, pli: one.pliCount };
}"""


def until(person, accept, timeout=20):
    """What is received once `accept` holds."""
    for _ in range(timeout * 5):
        seen = person.page.evaluate(RECEIVED)
        if seen and accept(seen):
            return seen
        person.page.wait_for_timeout(200)
    raise AssertionError(f"{person.name} waited {timeout} s and has {seen}")


@pytest.mark.parametrize("codec", ["vp8", "h264", "vp9", "av1"])
def test_sizes_follow_what_is_wanted(people, chromium, codec):
    room = f"layers-{codec}"
    ana = people(chromium, "Ana", probe=LARGE).join(f"{room}?codec={codec}")
    budi = people(chromium, "Budi", before=VIEW).join(f"{room}?codec={codec}")
    check(budi, codec, [720, 180, 360, 720])
    assert not ana.problems and not budi.problems


@pytest.mark.parametrize("codec", ["vp8", "av1"])
def test_firefox_sends_what_it_can(people, chromium, firefox, codec):
    room = f"fox-{codec}"
    ana = people(firefox, "Ana", probe=LARGE).join(f"{room}?codec={codec}")
    budi = people(chromium, "Budi", before=VIEW).join(f"{room}?codec={codec}")
    check(budi, codec, [720, 180, 360])
    assert not ana.problems and not budi.problems


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1"])
def test_firefox_decodes_what_chromium_sends(people, chromium, firefox, codec):
    room = f"seen-{codec}"
    ana = people(chromium, "Ana", probe=LARGE).join(f"{room}?codec={codec}")
    budi = people(firefox, "Budi", before=VIEW).join(f"{room}?codec={codec}")
    check(budi, codec, [720, 180, 360])
    assert not ana.problems and not budi.problems


def check(viewer, codec, heights):
    for height in heights:
        viewer.page.evaluate("height => window.setHeight(height)", height)
        # Ten frames in a row: a picture that stands still has none at all, however slow the machine of the tests is.
        since = None

        def stays(one):
            nonlocal since
            if one["height"] != height or one["codec"] != f"video/{codec}":
                since = None
            elif since is None:
                since = one["frames"]
            return since is not None and one["frames"] >= since + 10

        until(viewer, stays, timeout=50)
