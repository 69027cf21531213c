"""The links of `test_quality.py` are as bad as they are told to be."""

import socket
import statistics
import time
import types

import pytest

from support.impairing_relay import Impairments
from support.impairment import HEADERS, Conditions, Direction


def departures(conditions, sends, size=1000, seed=7):
    direction = Direction(seed)
    direction.set(conditions)
    return [direction.departure(size, at) for at in sends]


def test_nothing_set_is_a_perfect_link():
    sends = [0, 0.5, 0.5, 2]
    assert departures(Conditions(), sends) == sends


def test_each_datagram_is_lost_by_itself():
    lost = [at is None for at in departures(Conditions(loss=0.1), range(20_000))]
    assert 0.09 < statistics.mean(lost) < 0.11
    both = statistics.mean(a and b for a, b in zip(lost, lost[1:]))
    assert both < 0.015


def test_losses_of_a_bad_state_come_together():
    lost = [at is None for at in departures(Conditions(bursts=(0.02, 0.2, 1.0)), range(50_000))]
    # The state is bad for 0.02 / (0.02 + 0.2) of the time, and five datagrams long.
    assert 0.07 < statistics.mean(lost) < 0.11
    begun = sum(later and not earlier for earlier, later in zip(lost, lost[1:]))
    assert 4 < sum(lost) / begun < 6


def test_the_same_seed_loses_the_same():
    conditions, sends = Conditions(loss=0.3, jitter=0.05), [index / 100 for index in range(200)]
    assert departures(conditions, sends) == departures(conditions, sends)
    assert departures(conditions, sends) != departures(conditions, sends, seed=8)


def test_jitter_delays_and_keeps_the_order():
    sends = [index / 200 for index in range(2000)]
    taken = departures(Conditions(delay=0.05, jitter=0.03), sends)
    waits = [out - into for into, out in zip(sends, taken)]
    assert all(0.05 <= wait <= 0.0801 for wait in waits)
    assert max(waits) - min(waits) > 0.02
    assert taken == sorted(taken)


def test_a_rate_spaces_datagrams_and_its_queue_is_bounded():
    one = (1000 + HEADERS) * 8 / 500_000
    taken = departures(Conditions(rate=500_000, queue=0.3), [0] * 100)
    passed = [at for at in taken if at is not None]
    assert passed == pytest.approx([one * (index + 1) for index in range(len(passed))])
    assert 0.3 < passed[-1] <= 0.3 + 2 * one
    assert taken[len(passed):] == [None] * (100 - len(passed))


def test_an_outage_takes_everything_and_ends():
    direction = Direction()
    direction.set(Conditions(cut=True))
    assert direction.departure(100, 1) is None
    direction.set(Conditions())
    assert direction.departure(100, 2) == 2


@pytest.fixture
def echo():
    """A link to a socket of our own, which stands for the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        for one in (far, near):
            one.settimeout(30)
        far.bind(("127.0.0.1", 0))
        here = types.SimpleNamespace(udp_host="127.0.0.1", udp_port=far.getsockname()[1])
        impairments = Impairments()
        yield impairments.link(here), near, far
        impairments.close()


def round_trip(link, near, far):
    begun = time.monotonic()
    near.sendto(b"there", ("127.0.0.1", link.port))
    data, sender = far.recvfrom(100)
    far.sendto(data + b" and back", sender)
    assert near.recv(100) == b"there and back"
    return time.monotonic() - begun


def test_datagrams_pass_both_ways_with_little_delay_of_their_own(echo):
    link, near, far = echo
    taken = sorted(round_trip(link, near, far) for _ in range(200))
    print(f"round trip through the relay: median {taken[100] * 1000:.2f} ms, worst {taken[-1] * 1000:.1f} ms")
    assert taken[20] < 0.01
    assert link.count() == {way: {"passed": 200, "lost": 0, "dropped": 0} for way in ("up", "down")}


def test_conditions_change_while_datagrams_pass(echo):
    link, near, far = echo
    round_trip(link, near, far)
    link.both(delay=0.1)
    assert 0.2 <= round_trip(link, near, far)
    link.both(cut=True)
    near.sendto(b"lost", ("127.0.0.1", link.port))
    while link.count()["up"]["lost"] < 1:
        time.sleep(0.01)
    link.both()
    round_trip(link, near, far)
