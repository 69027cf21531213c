"""Chromium and Firefox as viewers on a link that loses packets: the server hears what arrives, and repeats what is lost."""

import pytest

from support.impairing_relay import Impairments
from support.impairment import Conditions
from support.quality import Witness, web_with_measures
from support.server import Server

CAMERA = {"width": 640, "height": 360, "rate": 15, "detail": 0.2}

RECEIVED = """async () => {
  const pc = window.jumpa.meeting.call.pc;
  const reports = [...(await pc.getStats()).values()].filter((one) => one.type === "inbound-rtp");
  const sum = (kind, name) => reports.filter((one) => one.kind === kind).reduce((total, one) => total + (one[name] ?? 0), 0);
  const answer = pc.remoteDescription.sdp;
  return {
    packets: sum("video", "packetsReceived"), lost: sum("video", "packetsLost"), asked: sum("video", "nackCount"),
    repeated: sum("video", "retransmittedPacketsReceived"), frames: sum("video", "framesDecoded"),
    dropped: sum("video", "framesDropped"), keyFrameRequests: sum("video", "pliCount"),
    soundAsked: sum("audio", "nackCount"), soundLost: sum("audio", "packetsLost"), soundPackets: sum("audio", "packetsReceived"),
    repetitions: (answer.match(/a=ssrc-group:FID/g) ?? []).length,
    numbered: (answer.match(/transport-wide-cc/g) ?? []).length, feedback: (answer.match(/transport-cc/g) ?? []).length,
  };
}"""


@pytest.fixture(scope="module")
def far_server(tmp_path_factory):
    started = Server()
    started.web = web_with_measures(tmp_path_factory.mktemp("measures"))
    started.start()
    yield started
    started.stop()


@pytest.mark.parametrize("viewer", ["chromium", "firefox"])
def test_lost_pictures_are_repeated(viewer, chromium, firefox, far_server):
    impairments = Impairments()
    people = []
    try:
        sender = Witness(chromium, far_server, "Ana", probe={"camera": CAMERA})
        people.append(sender.join(f"repetition-{viewer}"))
        browser = {"chromium": chromium, "firefox": firefox}[viewer]
        watching = Witness(browser, far_server, "Budi", impairments=impairments, seed=3, probe={"camera": CAMERA})
        people.append(watching.join(f"repetition-{viewer}"))
        watching.wait_for_picture(sender.id)
        before = watching.page.evaluate(RECEIVED)
        watching.page.wait_for_timeout(5000)
        clean = watching.page.evaluate(RECEIVED)
        print(viewer, "without loss", {key: clean[key] - before[key] for key in clean})
        before = clean
        watching.link.set(down=Conditions(loss=0.1, delay=0.02))
        # Where this machine makes few pictures, it takes longer until enough of them are lost.
        for _ in range(5):
            watching.page.wait_for_timeout(10_000)
            after = watching.page.evaluate(RECEIVED)
            gained = {key: after[key] - before[key] for key in after}
            if gained["asked"] > 10 and gained["lost"] > 10:
                break
        print(viewer, gained, after)
        assert after["repetitions"] > 0 and after["numbered"] > 0
        assert gained["asked"] > 10
        # Firefox does not count repetitions; without them each loss would have cost a key frame.
        assert gained["lost"] > 10 and gained["keyFrameRequests"] <= 2
        if viewer == "chromium":
            assert gained["repeated"] > 0.05 * gained["packets"]
    finally:
        for person in people:
            person.close()
        impairments.close()
