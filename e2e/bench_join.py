"""How long a join takes: from `join` sent until the first frame of somebody else is on the screen. Prints JSON.

A Chromium sends in the room already; others join one after the other, each in a fresh profile. All on loopback.
"""

import json
import os
import statistics
import sys

from playwright.sync_api import sync_playwright
from support.browsers import launch_chromium, sound_server
from support.participant import Participant
from support.server import Server

JOINS = int(sys.argv[1]) if len(sys.argv) > 1 else 20

# Frames of remote senders bear an RTP timestamp, those of the own camera do not.
WATCH = """
(() => {
  const times = (window.__join = {});
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === "string" && JSON.parse(data).type === "join") times.sent ??= performance.now();
    return send.call(this, data);
  };
  const watched = new WeakSet();
  const watch = (video) => {
    if (watched.has(video)) return;
    watched.add(video);
    const note = (now, frame) => {
      if (frame.rtpTimestamp === undefined) return void video.requestVideoFrameCallback(note);
      times.seen ??= performance.now();
    };
    video.requestVideoFrameCallback(note);
  };
  const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...src,
    set(stream) { if (this instanceof HTMLVideoElement) watch(this); src.set.call(this, stream); },
  });
})();
"""


def join(browser, server):
    person = Participant(browser, server, "Budi", before=WATCH)
    try:
        person.open("bench")
        person.find("name").fill("Budi")
        # Somebody who looks at himself first, as people do.
        person.page.wait_for_timeout(1000)
        person.find("join").click()
        person.wait("window.__join.seen")
        times = person.page.evaluate("window.__join")
        return times["seen"] - times["sent"]
    finally:
        person.close()


def main():
    server = Server().start()
    try:
        with sound_server(), sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            sender = Participant(browser, server, "Ana").join("bench")
            times = sorted(join(browser, server) for _ in range(JOINS))
            sender.close()
            browser.close()
    finally:
        server.stop()
    print(json.dumps([
        {"name": "join sent to first frame seen", "unit": "ms", "joins": len(times),
         "median": round(statistics.median(times)), "best": round(times[0]), "worst": round(times[-1]),
         "load": round(os.getloadavg()[0], 1)},
    ]))


main()
