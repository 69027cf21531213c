"""A person at a browser: joins, looks, listens."""

import json
import pathlib
import time

from .server import ARTEFACTS

MEDIA = (pathlib.Path(__file__).parent / "media.js").read_text()
WIRE = (pathlib.Path(__file__).parent / "wire.js").read_text()
"""To be given as `before`: `window.wire` sees what the page sends, and lets it hear what no server said."""


def only_hears(*types):
    """To be given as `before`: of these types the page hears only what the test says."""
    return f"{WIRE}\n{json.dumps(types)}.forEach(type => window.wire.deaf.add(type));\n"


def only_udp(servers=()):
    """To be given as `before`: the page hears of no way over TCP and of these relays, and the server not where to send."""
    return f"""{WIRE}
    window.wire.hides = true;
    window.wire.amends.negotiated = payload => {{
      payload.sdp = payload.sdp.replace(/^a=candidate:\\S+ \\d+ tcp .*\\r\\n/gim, "");
    }};
    window.wire.amends.joined = payload => {{
      window.wire.amends.negotiated(payload);
      payload.iceServers = {json.dumps(list(servers))};
    }};
    """


class Participant:
    def __init__(self, browser, server, name, *, hue=0, tone=440, fake=True, spare=False, before="", viewport=None,
                 probe=None, **context):
        self.server = server
        self.name = name
        self.hue = hue
        self.tone = tone
        self.problems = []
        self.requests = []
        self.context = browser.new_context(
            **{"viewport": viewport or {"width": 1280, "height": 720}, "locale": "en-US", **context}
        )
        probe = json.dumps({"hue": hue, "tone": tone, "fake": fake, **(probe or {})})
        if not spare:
            # How busy the machine of the tests is must not decide which pictures are sent.
            before = f"if (origin !== 'null') localStorage.setItem('jumpa.spare', 'false');\n{before}"
        self.context.add_init_script(f"window.__probe = {probe};\n{MEDIA}\n{before}")
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def note(self, error):
        # Taking a screenshot puts a style into Firefox's page, which the page's own policy refuses, as it should.
        # and it reports a server that is away as an error of the page.
        if "blocked an inline style" not in error and "establish a connection" not in error:
            self.problems.append(error)

    def find(self, testid):
        return self.page.locator(f"[data-testid={testid}]")

    def open(self, room):
        self.page.goto(f"{self.server.url}/room/{room}")
        return self

    def join(self, room, button="join"):
        self.open(room)
        self.find("name").fill(self.name)
        self.find(button).click()
        return self.wait_for_room()

    def wait_for_room(self):
        """Until the meeting is there and can be heard and seen; before its controls are drawn, keys and clicks mean nothing."""
        self.wait("document.querySelector('meeting-room control-bar button') && window.jumpa.store.state.self"
                  " && window.jumpa.pc?.connectionState === 'connected'")
        return self

    @property
    def id(self):
        return self.page.evaluate("window.jumpa.store.state.self")

    def wait(self, condition, timeout=40):
        """Waits until a condition in the page holds, and says how long it took. What throws does not hold yet."""
        begun = time.monotonic()
        look = f"() => {{ try {{ return Boolean({condition}) }} catch (error) {{ return String(error) }} }}"
        while (answer := self.page.evaluate(look)) is not True:
            if time.monotonic() - begun > timeout:
                self.screenshot(f"waiting-{self.name}")
                raise AssertionError(f"{self.name} waited {timeout} s for {condition}: {answer}")
            self.page.wait_for_timeout(50)
        return time.monotonic() - begun

    def picture(self, other, source="camera"):
        return self.page.evaluate("([id, source]) => window.probe.picture(id, source)", [other, source])

    def sound(self, other, source="microphone"):
        return self.page.evaluate("([id, source]) => window.probe.tone(id, source)", [other, source])

    def wait_for_picture(self, other, source="camera", timeout=40):
        return self.wait(f"window.probe.picture('{other}', '{source}')?.frames > 1", timeout)

    def wait_for_tone(self, other, tone, timeout=40):
        return self.wait(
            f"(() => {{ const heard = window.probe.tone('{other}');"
            f" return heard && heard.level > -60 && Math.abs(heard.frequency - {tone}) < 12 }})()", timeout)

    def frame_rate(self, other, source="camera", seconds=3):
        """Decoded frames a second over a few seconds, by the page's own clock."""
        return self.page.evaluate(
            """async ([id, source, seconds]) => {
              const first = window.probe.picture(id, source), begun = performance.now()
              await new Promise(resolve => setTimeout(resolve, seconds * 1000))
              const last = window.probe.picture(id, source)
              return first && last ? (last.frames - first.frames) * 1000 / (performance.now() - begun) : 0
            }""", [other, source, seconds])

    def hear(self, type, payload):
        """As if the server had said so; with `WIRE` only."""
        self.page.evaluate("([type, payload]) => window.wire.hear(type, payload)", [type, payload])

    def said(self, type):
        """What was last sent under a type; with `WIRE` only."""
        return self.page.evaluate("type => window.wire.last(type)", type)

    def screenshot(self, name):
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", caret="initial")

    def close(self):
        self.context.close()


def hue_distance(left, right):
    return abs((left - right + 180) % 360 - 180)
