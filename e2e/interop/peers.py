"""One face for every stack: our library's peer, a browser's page, aiortc."""

import json
import subprocess
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
MEDIA = HERE / "media"


def wait_for(condition, what, seconds=40):
    """The condition's value once it is true; a failure names what did not happen: a text, or what makes one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


class OurPeer:
    """`InteropPeer`, driven by lines of JSON."""

    def __init__(self, program, **options):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.condition = threading.Condition()
        self.answers = {}
        self.events = []
        self.count = 0
        self.labels = {}
        self.sent_tracks = {}
        threading.Thread(target=self._read, daemon=True).start()
        self.do("open", **options)

    def _read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            with self.condition:
                if "id" in told:
                    self.answers[told["id"]] = told
                else:
                    self.events.append(told)
                self.condition.notify_all()

    def do(self, action, **arguments):
        self.count += 1
        number = self.count
        self.process.stdin.write(json.dumps({"id": number, "action": action, **arguments}) + "\n")
        self.process.stdin.flush()
        with self.condition:
            assert self.condition.wait_for(lambda: number in self.answers, 90), f"{action} hangs"
            answer = self.answers.pop(number)
        assert "error" not in answer, f"{action}: {answer}"
        return answer

    def _events(self, kind):
        with self.condition:
            return [event for event in self.events if event.get("event") == kind]

    def offer(self, restart=False):
        made = self.do("offer", restart=restart)
        return {"type": made["type"], "sdp": made["sdp"]}

    def answer(self, offer):
        self.do("remote", **offer)
        made = self.do("answer")
        return {"type": made["type"], "sdp": made["sdp"]}

    def accept(self, answer):
        self.do("remote", **answer)

    def state(self):
        return self.do("state")["connection"]

    def channel(self, label, options):
        number = self.do("channel", label=label, **_our_options(options))["channel"]
        self.labels[label] = number
        return label

    def _number(self, label):
        if label not in self.labels:
            for event in self._events("channel"):
                self.labels.setdefault(event["label"], event["channel"])
        return self.labels.get(label)

    def find_channel(self, label):
        found = [event for event in self._events("channel") if event["label"] == label]
        if not found:
            return None
        return {
            "ordered": found[0]["ordered"], "protocol": found[0]["protocol"],
            "maxRetransmits": found[0].get("maxRetransmits"),
            "maxPacketLifeTime": found[0].get("maxPacketLifeTime"),
        }

    def is_open(self, label):
        return any(
            event["channel"] == self._number(label) and event["state"] == "opened"
            for event in self._events("channelState"))

    def is_closed(self, label):
        return any(
            event["channel"] == self._number(label) and event["state"] == "closed"
            for event in self._events("channelState"))

    def send_text(self, label, text):
        self.do("send", channel=self._number(label), text=text)

    def send_bytes(self, label, count, seed):
        self.do("send", channel=self._number(label), byteCount=count, seed=seed)

    def messages(self, label):
        number = self._number(label)
        return [
            {
                "text": event.get("text"), "byteCount": event["byteCount"],
                "isPattern": event.get("isPattern"),
            }
            for event in self._events("message") if event["channel"] == number
        ]

    def close_channel(self, label):
        self.do("closeChannel", channel=self._number(label))

    def add_track(self, kind):
        file = MEDIA / ("tone.ogg" if kind == "audio" else "picture.ivf")
        self.sent_tracks[kind] = self.do("track", kind=kind, file=str(file))["transceiver"]

    def remove_track(self, kind):
        self.do("remove", transceiver=self.sent_tracks[kind])

    def restore_track(self, kind):
        """Sends again where the track was removed: `addTrack` would take a new m-section."""
        self.do("restore", transceiver=self.sent_tracks[kind])

    def video(self):
        received = self.do("received").get("video", {"width": 0, "frames": 0})
        return {"width": received["width"], "frames": received["frames"]}

    def hears(self):
        return self.do("received").get("audio", {"frames": 0})["frames"]

    def statistics(self):
        return self.do("stats")["stats"]

    def told(self):
        """For whoever looks for the cause of a failure."""
        return self.do("state"), self.do("received"), self.statistics()

    def close(self):
        try:
            self.do("close")
        finally:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()


def _our_options(options):
    renamed = dict(options)
    if "protocol" in renamed:
        renamed["protocolName"] = renamed.pop("protocol")
    if "id" in renamed:
        renamed["negotiated"] = renamed.pop("id")
    elif "negotiated" in renamed:
        del renamed["negotiated"]
    return renamed


class BrowserPeer:
    """A page with one `RTCPeerConnection`."""

    def __init__(self, browser, address):
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.page.goto(address)
        self._call("open")

    def _call(self, name, *arguments):
        return self.page.evaluate(
            "([name, values]) => window.interop[name](...values)", [name, list(arguments)])

    def offer(self, restart=False):
        return self._call("offer", restart)

    def answer(self, offer):
        return self._call("answer", offer)

    def accept(self, answer):
        self._call("accept", answer)

    def state(self):
        return self._call("state")

    def channel(self, label, options):
        self._call("channel", label, options)
        return label

    def _index(self, label):
        labels = [channel["label"] for channel in self._call("channels")]
        return labels.index(label) if label in labels else None

    def _state(self, label):
        found = self.find_channel(label)
        return found and found["state"]

    def find_channel(self, label):
        found = [channel for channel in self._call("channels") if channel["label"] == label]
        return found[0] if found else None

    def is_open(self, label):
        return self._state(label) == "open"

    def is_closed(self, label):
        return self._state(label) == "closed"

    def send_text(self, label, text):
        self._call("sendText", self._index(label), text)

    def send_bytes(self, label, count, seed):
        self._call("sendBytes", self._index(label), count, seed)

    def messages(self, label):
        """None yet where the other side's channel has not been told of."""
        index = self._index(label)
        return [] if index is None else self._call("messages", index)

    def close_channel(self, label):
        self._call("closeChannel", self._index(label))

    def add_track(self, kind):
        self._call("addTrack", kind)

    def remove_track(self, kind):
        self._call("removeTrack", kind)

    def directions(self):
        """What was agreed of each m-section, as this side sees it."""
        return self._call("directions")

    def video(self):
        return self._call("video")

    def told(self):
        """For whoever looks for the cause of a failure."""
        return self._call("told")

    def hears(self):
        """The pitch heard, in Hz."""
        return self._call("tone")

    def close(self):
        self._call("close")
        self.context.close()
