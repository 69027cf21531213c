"""A participant behind a link that can be made bad, and what its page measured meanwhile."""

import json
import pathlib
import shutil
import time

from .impairing_relay import Link
from .participant import Participant
from .server import ROOT

FOLDER = pathlib.Path(__file__).parent
MEASURE = (FOLDER / "quality.js").read_text()
SOUND_GAPS = "sound-gaps.js"


def web_with_measures(folder):
    """The web client and one script more: worklets are loaded past what a test can intercept, and only from the server."""
    web = shutil.copytree(ROOT / "web", folder / "web")
    shutil.copy(FOLDER / SOUND_GAPS, web)
    return web


def now():
    """Milliseconds since 1970, as the pages count."""
    return time.time() * 1000


class Witness(Participant):
    SAMPLING = 120
    """Milliseconds between two samples at most."""

    def __init__(self, browser, server, name, *, impairments=None, seed=1, **options):
        self.link = Link(impairments, server, seed) if impairments else None
        route = f"window.__link = {json.dumps({'from': server.udp_port, 'to': self.link.port})};" if self.link else ""
        super().__init__(browser, server, name, before=f"{route}\n{MEASURE}\n{options.pop('before', '')}", **options)

    def listen(self, other):
        self.page.evaluate("id => window.quality.listen(id)", other)

    def stalls(self):
        """When this page stood still."""
        return self.page.evaluate("() => window.quality.stalls")

    def gaps(self, other, since, until):
        """Silences of somebody's sound: (from, to)."""
        # The sound's clock lags a little behind; what has not been listened to yet cannot be judged.
        self.wait(f"window.quality.gaps('{other}', 0, 0)?.until >= {until} - 300")
        heard = self.page.evaluate("([id, since, until]) => window.quality.gaps(id, since, until)", [other, since, until])
        return heard["gaps"]

    def shown(self, other, since, until, source="camera"):
        """Frames that the tile showed: time, width, height, and of a screen its sharpness."""
        return self.page.evaluate(
            """([key, since, until]) => (window.quality.shown[key] ?? []).filter(
              ([at]) => at >= since && at <= until)""", [f"{other}/{source}", since, until])

    def decoded(self, other, since, until, source="camera"):
        """Samples of what was received and decoded, ten a second."""
        return self.page.evaluate(
            """([key, since, until]) => (window.quality.decoded[key] ?? []).filter(
              ({ at }) => at >= since && at <= until)""", [f"{other}/{source}", since, until])

    def sent(self, since, until):
        """Samples of what was sent by source and rid, as in "camera/f"; ten a second."""
        return self.page.evaluate(
            """([since, until]) => Object.fromEntries(Object.entries(window.quality.sent).map(
              ([key, samples]) => [key, samples.filter(({ at }) => at >= since && at <= until)]))""", [since, until])

    def said(self, type, by="server", since=0):
        """Messages of a type with the times at which they came or went."""
        return self.page.evaluate(
            """([type, by, since]) => window.quality.said.filter(
              (one) => one.type === type && one.by === by && one.at >= since)""", [type, by, since])

    def wait_for_frame(self, other, condition, since, source="camera", timeout=40):
        """When the first frame came since a time for which a condition on `width`, `height` and `sharpness` holds."""
        found = (f"(window.quality.shown['{other}/{source}'] ?? []).find(([at, width, height, sharpness]) =>"
                 f" at >= {since} && {condition})")
        self.wait(found, timeout)
        return self.page.evaluate(f"() => {found}")[0]

    def wait_for_new_frame(self, other, condition, since, source="camera", timeout=40):
        """The same of frames that were decoded since then: a page that is seen again shows the last one once more."""
        samples = f"(window.quality.decoded['{other}/{source}'] ?? [])"
        before = self.page.evaluate(f"() => {samples}.findLast(({{ at }}) => at <= {since})?.frames ?? 0")
        fresh = f"{samples}.find(({{ at, frames }}) => at > {since} && frames > {before})"
        self.wait(fresh, timeout)
        sampled = self.page.evaluate(f"() => {fresh}.at")
        return self.wait_for_frame(other, condition, max(since, sampled - self.SAMPLING), source, timeout)

    def encoding(self, since, until):
        """What was made of the camera."""
        sent = self.sent(since, until).items()
        return Encoding([samples for key, samples in sent if samples and key.startswith("camera/")])

    def picture_report(self, other, since, until, source="camera", stalls=(), interval=0):
        return PictureReport(
            self.shown(other, since, until, source), self.decoded(other, since, until, source), since, until, stalls,
            interval)

    def hide(self, is_hidden):
        """As if somebody looked at another tab, or came back to this one; pages know no other sign of it."""
        self.page.evaluate(
            """isHidden => {
              Object.defineProperty(
                document, "visibilityState", { value: isHidden ? "hidden" : "visible", configurable: true })
              document.dispatchEvent(new Event("visibilitychange"))
            }""", is_hidden)

    def close(self):
        super().close()
        if self.link:
            self.link.close()


def overlap(span, spans):
    """Milliseconds that a stretch of time shares with others, which may lie over each other."""
    shared, reached = 0, span[0]
    for begun, to in sorted(spans):
        begun, to = max(begun, reached), min(to, span[1])
        if to > begun:
            shared, reached = shared + to - begun, to
    return shared


def quickest(measure, enough, times=4):
    """The shortest of some measurements in milliseconds, until one is within `enough`. What a busy machine adds to one of them
    says nothing of the server."""
    taken = []
    while len(taken) < times and min(taken, default=enough) >= enough:
        taken.append(round(measure()))
    print(f"took {taken} ms")
    return min(taken)


class PictureReport:
    """How a picture was over a stretch of time, less the time in which pages or links stood still."""

    FREEZE = 500  # milliseconds; W3C's own rule depends on the frame rate before

    def __init__(self, shown, decoded, since, until, stalls=(), interval=0):
        """`interval` is the time in milliseconds between two pictures that were sent: what comes slowly is no freeze."""
        self.seconds = (until - since) / 1000
        times = [since, *(frame[0] for frame in shown), until]
        pauses = [later - earlier - overlap((earlier, later), stalls) for earlier, later in zip(times, times[1:])]
        self.freezes = sorted(
            (round(length) for length in pauses if length >= max(self.FREEZE, 3 * interval)), reverse=True)
        self.frozen = sum(self.freezes) / (until - since)
        self.heights = [frame[2] for frame in shown]
        first, last = (decoded[0], decoded[-1]) if decoded else (None, None)
        span = (last["at"] - first["at"]) / 1000 if decoded and last is not first else None
        self.rate = (last["frames"] - first["frames"]) / span if span else 0
        self.bitrate = (last["bytes"] - first["bytes"]) * 8 / span if span else 0

    @property
    def height(self):
        """The one in use at the end."""
        return self.heights[-1] if self.heights else 0

    def __str__(self):
        sizes = " ".join(f"{height}p×{self.heights.count(height)}" for height in sorted(set(self.heights)))
        return (f"{self.rate:.1f} frames/s, {self.bitrate / 1000:.0f} kbit/s, frozen {self.frozen:.0%} "
                f"({self.freezes[:4]} ms), {sizes or 'nothing shown'}")


class Encoding:
    """What a sender made of its camera over a stretch of time, over all its layers."""

    def __init__(self, samples):
        self.height = self.rate = self.bitrate = 0
        self.limits = set()
        for layer in samples:
            first, last = layer[0], layer[-1]
            seconds = (last["at"] - first["at"]) / 1000
            if seconds <= 0 or last["frames"] <= first["frames"]:
                continue
            self.height = max(self.height, last["height"])
            self.rate = max(self.rate, (last["frames"] - first["frames"]) / seconds)
            self.bitrate += (last["bytes"] - first["bytes"]) * 8 / seconds
            self.limits |= {last["limit"]} - {None, "none"}

    def __str__(self):
        limits = f", limited by {' and '.join(sorted(self.limits))}" if self.limits else ""
        return f"{self.rate:.1f} frames/s, {self.height}p, {self.bitrate / 1000:.0f} kbit/s encoded{limits}"
