"""Lost sound and pictures made good without being sent again: redundant sound (RED) and FlexFEC, in browsers as they are.

Ana and Cici are Chromium, Budi is Firefox, which takes neither: for him redundancy is taken off.
"""

import pytest

from support.impairment import Conditions
from support.quality import Witness

CAMERA = {"width": 640, "height": 360, "rate": 15, "detail": 0.2}

STATISTICS = """async () => {
  const all = [...(await window.jumpa.pc.getStats()).values()]
  return all.filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp')
}"""


@pytest.fixture
def guests(far_server, impairments):
    """Makes people behind links of their own."""
    made = []

    def make(browser, name, room, delay=0):
        number = len(made)
        person = Witness(browser, far_server, name, impairments=impairments, seed=number + 1, hue=number * 120,
                         tone=440 + number * 300, probe={"camera": CAMERA})
        made.append(person)
        if delay:
            person.link.set(Conditions(delay=delay), Conditions(delay=delay))
        return person.join(room)

    yield make
    for person in made:
        person.close()
    assert not [(person.name, problem) for person in made for problem in person.problems]


def streams(person, type, kind):
    """Those that something flows in."""
    moving = "packetsReceived" if type == "inbound-rtp" else "packetsSent"
    return [one for one in person.page.evaluate(STATISTICS)
            if one["type"] == type and one["kind"] == kind and one.get(moving, 0) > 0]


def total(person, kind, what):
    return sum(one.get(what, 0) for one in streams(person, "inbound-rtp", kind))


def wait_for(person, condition, seconds=30):
    """Until `condition()`; what it says last."""
    for _ in range(seconds * 4):
        if answer := condition():
            return answer
        person.page.wait_for_timeout(250)
    return condition()


def weights(person, type):
    """Bytes in a packet of sound, the lightest stream first."""
    bytes, packets = ("bytesReceived", "packetsReceived") if type == "inbound-rtp" else ("bytesSent", "packetsSent")
    return sorted(one[bytes] / one[packets] for one in streams(person, type, "audio"))


def test_redundant_sound_goes_to_chromium_and_is_taken_off_for_firefox(chromium, firefox, guests):
    ana, cici, budi = guests(chromium, "Ana", "red"), guests(chromium, "Cici", "red"), guests(firefox, "Budi", "red")
    for listener in (ana, cici, budi):
        for speaker in (ana, cici, budi):
            if speaker is not listener:
                listener.wait_for_tone(speaker.id, speaker.tone)
    # Chromium names the codec within; a frame that comes twice makes the packet twice as heavy.
    ours, theirs = (weights(person, "outbound-rtp") for person in (ana, budi))
    assert len(ours) == 1 and ours[0] > 1.6 * theirs[0]
    heard = weights(ana, "inbound-rtp")
    assert len(heard) == 2 and heard[1] > 1.6 * heard[0]
    assert max(weights(budi, "inbound-rtp")) < 1.3 * theirs[0]
    # It came in time, so that what came again was of no use.
    assert wait_for(ana, lambda: total(ana, "audio", "packetsDiscarded") > 100)


def test_a_fifth_lost_towards_chromium_is_hardly_heard(chromium, firefox, guests):
    ana, budi = guests(chromium, "Ana", "loss"), guests(firefox, "Budi", "loss")
    ana.wait_for_tone(budi.id, budi.tone)
    ana.link.set(Conditions(delay=0.05), Conditions(loss=0.2, delay=0.05))
    # Until the loss is known and met.
    ana.page.wait_for_timeout(6000)
    names = ["concealedSamples", "silentConcealedSamples", "totalSamplesReceived", "packetsDiscarded", "packetsLost",
             "nackCount", "packetsReceived"]
    # A machine that has no time for sound makes gaps of its own: of several stretches the best counts.
    for _ in range(4):
        before = {name: total(ana, "audio", name) for name in names}
        ana.page.wait_for_timeout(10_000)
        gone = {name: total(ana, "audio", name) - before[name] for name in names}
        concealed = gone["concealedSamples"] / gone["totalSamplesReceived"]
        print(f"made up {concealed:.1%} of the sound", gone)
        # What came when it was asked for counts as lost no longer.
        assert gone["packetsLost"] + gone["nackCount"] > 50
        if concealed < 0.08:
            break
    assert concealed < 0.08


def test_repair_packets_bring_pictures_back_in_chromium(chromium, guests):
    # So far away that what is sent again comes late.
    ana, cici = guests(chromium, "Ana", "fec", delay=0.1), guests(chromium, "Cici", "fec")
    ana.wait_for_picture(cici.id)
    assert total(ana, "video", "fecPacketsReceived") == 0
    ana.link.set(Conditions(delay=0.1), Conditions(loss=0.1, delay=0.1))
    received = wait_for(ana, lambda: total(ana, "video", "fecPacketsReceived") > 50)
    names = ["fecPacketsReceived", "fecPacketsDiscarded", "packetsReceived", "packetsLost", "nackCount",
             "retransmittedPacketsReceived", "framesDecoded", "freezeCount"]
    print({name: total(ana, "video", name) for name in names})
    assert received


def test_sound_lost_on_chromiums_way_up_is_sent_again_and_heard(chromium, firefox, guests):
    ana, budi = guests(chromium, "Ana", "up"), guests(firefox, "Budi", "up")
    budi.wait_for_tone(ana.id, ana.tone)
    budi.listen(ana.id)
    # Bursts: what is lost with the packet that would bring it along is asked for, if it can come in time.
    ana.link.set(Conditions(bursts=(0.05, 0.5, 1.0), delay=0.02), Conditions(delay=0.02))
    again = wait_for(ana, lambda: streams(ana, "outbound-rtp", "audio")[0]["retransmittedPacketsSent"], 60)
    print("asked for", streams(ana, "outbound-rtp", "audio")[0]["nackCount"], "packets of sound, of which came again", again)
    assert again
    budi.wait_for_tone(ana.id, ana.tone)
