"""Chromium and Firefox behind bad links: what is really decoded and heard, at both ends.

Ana (Chromium) and Budi (Firefox) are each behind a link of their own. So each browser is viewer and sender, 100 ms there
and back from the server. Frame rates are held against what the sender encoded meanwhile, and time in which a page or a link
stood still, since this machine had none for it, is no silence and no freeze.
"""

import dataclasses

import pytest

from support.impairment import Conditions
from support.pair import FAR, LARGE, LONGEST_SILENCE
from support.quality import now, overlap

LONGEST_HEALING = 8000


@pytest.mark.parametrize("impaired", ["chromium", "firefox"])
def test_a_tenth_lost_both_ways(pair, impaired):
    lossy = dataclasses.replace(FAR, loss=0.1)
    pair[impaired].link.set(lossy, lossy)
    pair.measure(3)
    since, until = pair.measure_with_time(8)
    for viewer in pair:
        pair.assert_good(viewer, since, until, rate=0.5, frozen=0.4)


def narrow(pair, **links):
    """Both links become narrow; what is seen becomes smaller without standing still, and large again afterwards."""
    before = {person: person.link.count() for person in pair}
    for person in pair:
        person.link.set(**links)
    pair.measure(7)
    since, until = pair.measure_with_time(7)
    for person in pair:
        pair.assert_good(person, since, until, rate=0.5, frozen=0.25)
        assert pair.report(person, since, until).height <= LARGE
        dropped = {way: person.link.count()[way]["dropped"] - before[person][way]["dropped"] for way in links}
        print(f"the queue of {person.name}'s link dropped {dropped}")
    pair.mend()
    print(f"as before {pair.wait_until_steady():.1f} s after the link became wide")


def test_500_kbits_down(pair):
    narrow(pair, down=dataclasses.replace(FAR, rate=500_000), up=FAR)


def test_500_kbits_up(pair):
    narrow(pair, up=dataclasses.replace(FAR, rate=500_000), down=FAR)


@pytest.mark.parametrize("impaired", ["chromium", "firefox"])
def test_ten_seconds_without_a_link(pair, impaired):
    person = pair[impaired]
    cut = Conditions(cut=True)
    # Again where this machine had no time for browsers; the last outage counts in any case.
    for _ in range(3):
        begun = now()
        person.link.set(cut, cut)
        pair.measure(10)
        person.link.set(FAR, FAR)
        over = now()
        pair.wait_until_steady()
        pair.measure(3)
        if pair.had_time(over, now()):
            break
    stalls = pair.stalls()
    for viewer in pair:
        steady = pair.steady_since(viewer, over)
        pictures = steady - over - overlap((over, steady), stalls)
        gaps = viewer.gaps(pair.id(pair.other(viewer)), begun, now())
        heard = max((to for silent, to in gaps if to - silent > LONGEST_SILENCE), default=over)
        sound = heard - over - overlap((over, heard), stalls)
        print(f"{viewer.name} has sound {sound:.0f} ms and good pictures {pictures:.0f} ms after the outage")
        assert sound < LONGEST_HEALING and pictures < LONGEST_HEALING
