"""Messages that are wrong, early, forged, too large or too many: each is answered by its own error and harms nobody."""

import json
import threading
import time

import pytest

from support.guest import Guest

pytestmark = pytest.mark.usefixtures("bystander")

CODES = {
    "bad-message", "unknown-type", "not-joined", "already-joined", "bad-room", "bad-name", "bad-sdp", "bad-payload",
    "room-full", "too-many-participants", "no-such-participant", "resume-failed", "rate-limited",
}
MEETING_TYPES = ["join", "resume", "negotiate", "update", "view", "chat", "ping", "leave", "offer", "answer", "ice-candidate"]
WRONG = [None, True, 0, -1, 1.5, 1e308, 2 ** 64, "", "x", "\x00", "\u202e", "\ufeff", [], [[]], [None], {}, {"a": 1}]


@pytest.fixture
def guest(lasting_server):
    one = Guest(lasting_server)
    yield one
    one.close()


@pytest.fixture
def member(guest):
    return guest.join("messages", "Member")


@pytest.mark.parametrize("text", [
    "", " ", "{", "}", "[]", "null", "1", '"x"', "{]", "{}{}", '{"type"}', '{"type":}', "{'type':'ping'}", "\ufeff{}", "\x00",
    '{"type":null}', '{"type":1}', '{"type":["ping"]}', '{"type":{"type":"ping"}}', "{}", '{"payload":{}}',
    "[" * 10_000, "[" * 10_000 + "]" * 10_000, '{"type":"ping","payload":' + "[" * 10_000 + "]" * 10_000 + "}",
    '{"type":"ping","payload":' + '{"a":' * 10_000 + "1" + "}" * 10_001, '{"type":"ping","payload":[' + "0," * 100_000 + "0]}",
    '{"type":"ping","payload":{' + ",".join(f'"k{index}":0' for index in range(10_000)) + "}}",
    '{"type":"ping","payload":"\\ud800"}', '{"type":"ping","payload":"\\u12"}', '{"type":"ping","payload":"\t"}',
    '{"type":"ping","payload":NaN}', '{"type":"ping","payload":01}', '{"type":"ping","payload":+1}',
], ids=lambda text: repr(text[:40]))
def test_text_that_is_no_message_is_answered_and_forgotten(guest, text):
    code = guest.error(text)
    assert code == "bad-message" or (code == "bad-payload" and "ping" in text), code
    assert guest.closed is None
    guest.join("messages", "Member")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e-999", str(2 ** 64), str(-2 ** 63 - 1), "9" * 400, "0." + "1" * 400, "-0"])
def test_no_number_is_too_large(member, number):
    seen = len(member.messages)
    member.send_text(f'{{"type":"ping","payload":{number}}}')
    member.wait(lambda message: any(message is late for _, late in member.messages[seen:]))
    assert member.error(f'{{"type":"view","payload":{{"tiles":[{{"userId":"a","source":"camera","width":{number},"height":1}}]}}}}', timeout=0.3) \
        in (None, "bad-payload", "bad-message")
    assert member.round_trip() < 5


def test_a_name_given_twice_counts_once(guest):
    guest.send_text('{"type":"nonsense","type":"join","roomId":"messages","payload":{"name":"A","name":"B"}}')
    answer = guest.wait(lambda message: message["type"] in ("joined", "error"))
    assert answer["type"] == "joined" or answer["payload"]["code"] in CODES


@pytest.mark.parametrize("type", [*MEETING_TYPES[2:], "publish", "kick", "", "x" * 1000])
def test_nothing_counts_before_a_join(guest, type):
    before = guest.error(json.dumps({"type": type, "to": "p-1", "payload": {
        "sdp": "v=0\r\n", "sources": [], "tiles": [], "text": "hello", "name": "x", "media": {"microphone": True}}}))
    assert before == ("not-joined" if type in MEETING_TYPES else "unknown-type")
    assert [message["type"] for _, message in guest.messages] == ["error"]
    assert guest.closed is None
    guest.join("messages", "Member")


@pytest.mark.parametrize("type, payload, fields, code", [
    ("join", {"name": "Again"}, {"roomId": "messages"}, "already-joined"),
    ("resume", {"resumeToken": "x", "lastSeq": 0}, {"roomId": "messages"}, "already-joined"),
    ("negotiate", {"sdp": "", "sources": []}, {}, "bad-sdp"),
    ("negotiate", {"sdp": "hello", "sources": []}, {}, "bad-sdp"),
    ("negotiate", {"sdp": "v=0\r\n" * 10_000, "sources": []}, {}, "bad-sdp"),
    ("negotiate", {"sdp": "v=0\r\no=- 1 1 IN IP4 0\r\ns=-\r\nt=0 0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 5000, "sources": []}, {}, "bad-sdp"),
    ("offer", {}, {"to": "p-nobody"}, "no-such-participant"),
    ("answer", {}, {"to": "p-nobody"}, "no-such-participant"),
    ("ice-candidate", {}, {"to": "p-nobody"}, "no-such-participant"),
    ("offer", {}, {"to": 7}, "bad-message"),
    ("chat", {"text": ""}, {}, "bad-payload"),
    ("chat", {"text": "a\x00b"}, {}, "bad-payload"),
    ("chat", {"text": "x" * 4097}, {}, "bad-payload"),
    ("chat", {"text": "ä" * 2049}, {}, "bad-payload"),
    ("chat", {"text": "for one"}, {"to": "p-nobody"}, "bad-payload"),
    ("update", {"name": ""}, {}, "bad-name"),
    ("update", {"name": "x" * 65}, {}, "bad-name"),
    ("update", {"name": "a\nb"}, {}, "bad-name"),
    ("update", {"name": "a\u202eb"}, {}, "bad-name"),
    ("view", {"tiles": [{"userId": "p-1", "source": "camera", "width": 16385, "height": 1}]}, {}, "bad-payload"),
    ("nonsense", {}, {}, "unknown-type"),
    ("JOIN", {}, {}, "unknown-type"),
])
def test_what_a_member_may_not_say_has_its_own_error(member, type, payload, fields, code):
    assert member.error(json.dumps({"type": type, "payload": payload, **fields})) == code
    assert member.closed is None and member.round_trip() < 5


@pytest.mark.parametrize("room, name, code", [
    ("", "A", "bad-room"), ("x" * 129, "A", "bad-room"), ("a\x00b", "A", "bad-room"), ("a\u2028b", "A", "bad-room"),
    ("a\u202eb", "A", "bad-room"), (None, "A", "bad-room"), (7, "A", "bad-room"), ({}, "A", "bad-room"),
    ("messages", "", "bad-name"), ("messages", "   ", "bad-name"), ("messages", "x" * 65, "bad-name"),
    ("messages", "a\x07b", "bad-name"), ("messages", "\u200b\u200b", "bad-name"), ("messages", "a\u2066b", "bad-name"),
    ("messages", None, "bad-payload"), ("messages", 7, "bad-payload"), ("messages", ["A"], "bad-payload"),
])
def test_a_join_that_fails_leaves_the_socket_open_to_try_again(guest, room, name, code):
    assert guest.error(json.dumps({"type": "join", "roomId": room, "payload": {"name": name}})) == code
    guest.join("messages", "Member")


@pytest.mark.parametrize("type, payload", [
    ("join", {"name": "A", "sdp": "v=0", "sources": [{"mid": "0", "source": "microphone"}], "media": {"microphone": True, "camera": True, "screen": True}}),
    ("resume", {"resumeToken": "x", "lastSeq": 1}),
    ("negotiate", {"sdp": "v=0", "sources": [{"mid": "0", "source": "camera"}]}),
    ("update", {"name": "B", "media": {"microphone": False, "camera": False, "screen": False}}),
    ("view", {"tiles": [{"userId": "p-1", "source": "camera", "width": 10, "height": 10, "priority": 1}]}),
    ("chat", {"text": "hello"}),
])
def test_a_wrong_type_in_any_field_is_answered_with_an_error_or_passed_over(lasting_server, type, payload):
    """Each value in the payload, at any depth, is replaced by each wrong one."""
    def variants(value):
        yield from WRONG
        if isinstance(value, dict):
            for key in value:
                for other in variants(value[key]):
                    yield {**value, key: other}
                yield {other: value[other] for other in value if other != key}
        elif isinstance(value, list):
            for other in variants(value[0]):
                yield [other]

    guest = None
    for number, variant in enumerate(variants(payload)):
        if guest is None or guest.closed is not None or number % 100 == 0:
            if guest:
                guest.close()
            guest = Guest(lasting_server)
            if type not in ("join", "resume"):
                guest.join("types", "Typist")
        guest.send(type, variant, roomId="types")
        if type == "join":
            answer = guest.wait(lambda message: message["type"] in ("joined", "error"))
            guest.id = answer.get("userId") if answer["type"] == "joined" else None
            guest.messages.clear()
            if guest.id:
                guest.close()
                guest = None
            else:
                assert answer["payload"]["code"] in CODES, (variant, answer)
        elif number % 20 == 19:
            guest.round_trip() if guest.id else guest.error('{"type":"ping"}')
            for _, message in guest.messages:
                assert message["type"] != "error" or message["payload"]["code"] in CODES, (variant, message)
            guest.messages.clear()
    if guest:
        guest.close()


def test_nobody_speaks_for_another(lasting_server, member):
    other = Guest(lasting_server).join("messages", "Other")
    member.send("chat", {"text": "who am I", "userId": other.id, "name": "Other"}, userId=other.id, roomId="elsewhere")
    member.send("update", {"media": {"microphone": True}, "id": other.id, "userId": other.id}, userId=other.id)
    heard = other.wait("chat")
    assert heard["userId"] == member.id and heard["payload"]["userId"] == member.id and heard["payload"]["name"] == "Member"
    assert other.wait("participant-updated")["payload"]["participant"]["id"] == member.id
    member.send("offer", {"x": 1}, to=other.id, userId=other.id, seq=99)
    assert other.wait("offer")["userId"] == member.id
    member.send("leave", {"id": other.id, "userId": other.id}, userId=other.id)
    assert other.wait("participant-left")["payload"]["id"] == member.id
    assert other.round_trip() < 5
    other.close()


def test_a_room_hears_nothing_of_another(lasting_server, member):
    stranger = Guest(lasting_server).join("another-room", "Stranger")
    seen = len(stranger.messages)
    member.send("chat", {"text": "not for you"}, roomId="another-room")
    assert member.error(json.dumps({"type": "offer", "roomId": "another-room", "to": stranger.id, "payload": {}})) == "no-such-participant"
    assert stranger.round_trip() < 5
    assert [message["type"] for _, message in stranger.messages[seen:]] == ["pong"]
    stranger.close()


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "\x00", "../../x", "é" * 100])
def test_a_resume_with_a_made_up_token_fails(lasting_server, guest, token):
    assert guest.error(json.dumps({"type": "resume", "roomId": "messages", "payload": {"resumeToken": token, "lastSeq": 0}})) == "resume-failed"
    guest.join("messages", "Member")


def test_the_largest_message_passes_and_a_larger_one_closes_with_1009(lasting_server, member):
    limit = 256 * 1024
    shell = len('{"type":"ping","payload":""}')
    member.send_text('{"type":"ping","payload":"' + "x" * (limit - shell) + '"}')
    member.wait(lambda message: message["type"] == "pong" and len(message["payload"]) == limit - shell)
    member.send_text('{"type":"ping","payload":"' + "x" * (limit - shell + 1) + '"}')
    assert member.wait_for_close() == 1009
    huge = Guest(lasting_server)
    try:
        huge.send_text('{"type":"ping","payload":"' + "x" * 20_000_000 + '"}')
    except Exception:
        pass  # the server hangs up while it is being sent
    assert huge.wait_for_close() in (1009, 1006)


@pytest.mark.parametrize("text", ['{"type":"ping"}', '{"type":"ping"', "[]", '{"type":"chat","payload":{"text":"again"}}', '{"type":"nonsense"}'])
def test_a_flood_is_closed_with_1008_and_others_do_not_notice(lasting_server, text):
    other = Guest(lasting_server).join("flood", "Other")
    flooder = Guest(lasting_server).join("flood", "Flooder")
    slowest, over = [], threading.Event()

    def watch():
        while not over.is_set():
            slowest.append(other.round_trip())
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.monotonic()
    sent = 0
    try:
        while flooder.closed is None and time.monotonic() - begun < 10:
            flooder.send_text(text)
            sent += 1
            time.sleep(max(0, begun + sent / 1000 - time.monotonic()))
    except Exception:
        pass  # closed while sending
    assert flooder.wait_for_close() == 1008
    assert flooder.wait(lambda m: m["type"] == "error" and m["payload"]["code"] == "rate-limited")
    over.set()
    watcher.join()
    assert other.closed is None and max(slowest) < 1, f"somebody else waited {max(slowest):.2f} s"
    assert len([1 for _, message in other.messages if message["type"] == "chat"]) <= 200 + 60 * 5
    # Who was closed for the rate may come back: the participant is still there.
    token = flooder.wait("joined")["payload"]["resumeToken"]
    back = Guest(lasting_server)
    back.send("resume", {"resumeToken": token, "lastSeq": 0}, roomId="flood")
    assert back.wait("resumed", timeout=20)["userId"] == flooder.id
    back.close()
    other.close()


def test_who_sends_at_the_allowed_rate_is_left_alone(member):
    for _ in range(150):
        member.send("ping")
    assert member.round_trip() < 5
    assert member.closed is None


def test_a_full_room_turns_people_away(server):
    server.stop()
    server.flags = ("--max-participants", "3")
    server.start()
    guests = [Guest(server).join("small", f"Guest {number}") for number in range(3)]
    late = Guest(server)
    assert late.error('{"type":"join","roomId":"small","payload":{"name":"Late"}}') == "room-full"
    guests[0].send("leave")
    assert guests[0].wait_for_close() == 1000
    guests[1].wait("participant-left")
    late.join("small", "Late")
    for guest in [*guests[1:], late]:
        guest.close()


def test_a_thousand_sockets_that_come_and_go_leave_nothing(lasting_server, member):
    for _ in range(100):
        crowd = [Guest(lasting_server) for _ in range(10)]
        for number, one in enumerate(crowd):
            if number % 2:
                one.send("join", {"name": "Crowd"}, roomId="crowd")
            one.close()
    assert member.round_trip() < 2
