"""The library against other stacks, each of them offering and answering: what is sent is what arrives."""

import pytest

from interop.peers import wait_for

KINDS = {
    "reliable": {},
    "unordered": {"ordered": False},
    "no repetition": {"ordered": True, "maxRetransmits": 0},
    "three repetitions, unordered": {"ordered": False, "maxRetransmits": 3},
    "half a second": {"ordered": True, "maxPacketLifeTime": 500},
    "with a protocol": {"protocol": "chat.v1"},
}
SIZES = [1, 1_000, 16_384, 65_535, 262_144]


def connect(pair):
    """One offer, one answer, and both sides say that they are connected."""
    offerer, answerer = pair
    offerer.accept(answerer.answer(offerer.offer()))
    for peer in pair:
        wait_for(lambda peer=peer: peer.state() == "connected", f"{type(peer).__name__} connects")


def other(pair, peer):
    return pair[1] if peer is pair[0] else pair[0]


@pytest.mark.parametrize("kind", KINDS)
def test_channels_of_every_kind_carry_text_and_bytes_both_ways(pair, kind):
    options = KINDS[kind]
    pair[0].channel("first", options)
    connect(pair)
    for maker, label in ((pair[0], "first"), (pair[1], "second")):
        if label == "second":
            maker.channel(label, options)
        taker = other(pair, maker)
        wait_for(lambda: maker.is_open(label), f"{label} opens")
        shown = wait_for(lambda: taker.find_channel(label), f"{label} is told to the other side")
        for name, value in {"ordered": True, "protocol": "", **options}.items():
            assert shown[name] == value
        maker.send_text(label, "salam, 你好 🎉")
        maker.send_bytes(label, 5_000, 7)
        wait_for(lambda: len(taker.messages(label)) >= 2, "both messages arrive")
        texts = [message["text"] for message in taker.messages(label) if message["text"]]
        assert texts == ["salam, 你好 🎉"]
        assert any(m["byteCount"] == 5_000 and m["isPattern"] for m in taker.messages(label))
        wait_for(lambda: taker.is_open(label), "the other side may send too")
        taker.send_text(label, "back")
        wait_for(lambda: maker.messages(label), "an answer arrives")


def test_messages_of_every_length_arrive_whole_and_in_order(pair):
    pair[0].channel("sizes", {})
    connect(pair)
    wait_for(lambda: pair[0].is_open("sizes") and pair[1].find_channel("sizes"), "it opens")
    wait_for(lambda: pair[1].is_open("sizes"), "it opens there")
    for sender, taker in (pair, pair[::-1]):
        for number, size in enumerate(SIZES):
            sender.send_bytes("sizes", size, number + 1)
        wait_for(lambda: len(taker.messages("sizes")) == len(SIZES), "all sizes arrive")
        got = [(m["byteCount"], m["isPattern"]) for m in taker.messages("sizes")]
        assert got == [(size, True) for size in SIZES]


def test_empty_messages_arrive_empty(pair):
    pair[0].channel("empty", {})
    connect(pair)
    for sender, taker in (pair, pair[::-1]):
        wait_for(lambda: sender.find_channel("empty") or sender.is_open("empty"), "it is known")
        wait_for(lambda: sender.is_open("empty"), "it opens")
        sender.send_text("empty", "")
        sender.send_bytes("empty", 0, 0)
        wait_for(lambda: len(taker.messages("empty")) == 2, "both arrive")
        assert [m["byteCount"] for m in taker.messages("empty")] == [0, 0]


def test_a_negotiated_channel_needs_no_announcement(pair):
    for peer in pair:
        peer.channel("agreed", {"negotiated": True, "id": 42})
    connect(pair)
    for sender, taker in (pair, pair[::-1]):
        wait_for(lambda: sender.is_open("agreed") and taker.is_open("agreed"), "it opens")
        sender.send_text("agreed", "known")
        wait_for(lambda: taker.messages("agreed"), "it arrives")


def test_a_closed_channel_closes_on_both_sides_and_others_go_on(pair):
    pair[0].channel("short", {})
    pair[0].channel("long", {})
    connect(pair)
    for label in ("short", "long"):
        wait_for(lambda: pair[0].is_open(label), f"{label} opens")
        wait_for(lambda: pair[1].find_channel(label), f"{label} is told")
    pair[1].close_channel("short")
    for peer in pair:
        wait_for(lambda: peer.is_closed("short"), "closed on both sides")
    pair[0].send_text("long", "still here")
    wait_for(lambda: pair[1].messages("long"), "the other channel works")


@pytest.mark.parametrize("kinds", [("audio",), ("video",), ("audio", "video")], ids="+".join)
def test_sound_and_pictures_flow_both_ways(pair, ours, theirs, kinds):
    for peer in pair:
        for kind in kinds:
            peer.add_track(kind)
    connect(pair)
    if "video" in kinds:
        for peer in pair:
            wait_for(lambda: peer.video()["width"] >= 160, "a picture is seen")
        before = [peer.video()["frames"] for peer in pair]
        wait_for(
            lambda: all(peer.video()["frames"] >= count + 10 for peer, count in zip(pair, before)),
            "the pictures move")
    if "audio" in kinds:
        wait_for(lambda: abs(theirs.hears() - 1000) < 60, "our tone of 1000 Hz is heard")
        wait_for(lambda: ours.hears() >= 25, "half a second of their sound arrives")


def test_media_and_channels_are_added_later(pair):
    pair[0].channel("first", {})
    connect(pair)
    wait_for(lambda: pair[0].is_open("first"), "it opens")
    for peer in pair:
        peer.add_track("video")
    pair[0].accept(pair[1].answer(pair[0].offer()))
    for peer in pair:
        wait_for(lambda: peer.video()["width"] >= 160, "a picture is seen after all")
    pair[0].send_text("first", "the channel lives on")
    wait_for(lambda: pair[1].messages("first"), "it arrives")


# aiortc has no ICE restart.
@pytest.mark.parametrize("theirs", ["chromium", "firefox"], indirect=True)
def test_ice_restarts_and_nothing_is_lost(pair):
    pair[0].channel("steady", {})
    for peer in pair:
        peer.add_track("video")
    connect(pair)
    wait_for(lambda: pair[0].is_open("steady"), "it opens")
    wait_for(lambda: all(peer.video()["frames"] > 5 for peer in pair), "pictures flow")
    pair[0].accept(pair[1].answer(pair[0].offer(restart=True)))
    before = [peer.video()["frames"] for peer in pair]
    wait_for(
        lambda: all(peer.video()["frames"] >= count + 20 for peer, count in zip(pair, before)),
        lambda: f"pictures go on flowing after {before}: {[peer.told() for peer in pair]}")
    pair[0].send_text("steady", "after the restart")
    wait_for(lambda: pair[1].messages("steady"), "it arrives")
    assert all(peer.state() == "connected" for peer in pair)


# aiortc cannot remove a track.
@pytest.mark.parametrize("theirs", ["chromium", "firefox"], indirect=True)
def test_a_removed_track_stops_and_can_come_back(pair, ours, theirs):
    for peer in pair:
        peer.add_track("video")
    connect(pair)
    wait_for(lambda: all(peer.video()["frames"] > 5 for peer in pair), "pictures flow")
    ours.remove_track("video")
    pair[0].accept(pair[1].answer(pair[0].offer()))
    wait_for(lambda: ours.video()["frames"] > 0, "theirs still arrives")
    assert theirs.directions() == ["sendonly"]
    ours.restore_track("video")
    pair[0].accept(pair[1].answer(pair[0].offer()))
    frames = theirs.video()["frames"]
    wait_for(lambda: theirs.video()["frames"] >= frames + 10, "ours is seen again")


def test_statistics_name_the_path_and_the_streams(pair, ours):
    for peer in pair:
        peer.add_track("audio")
    connect(pair)
    wait_for(lambda: ours.hears() >= 25, "sound arrives")
    told = ours.statistics()
    kinds = {entry["type"] for entry in told.values()}
    assert {"transport", "candidate-pair", "local-candidate", "remote-candidate", "codec",
            "inbound-rtp", "outbound-rtp", "certificate", "peer-connection"} <= kinds
    inbound = next(entry for entry in told.values() if entry["type"] == "inbound-rtp")
    assert inbound["packetsReceived"] >= 25 and inbound["kind"] == "audio"
