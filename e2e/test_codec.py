"""Who comes first chooses the room's codec, and every page sends what the answer to it chose."""

import pytest

LARGE = {"camera": {"width": 1280, "height": 720, "rate": 10}}
SENT = "window.jumpa.store.state.statistics?.sent.filter(({ source, active }) => source === 'camera' && active)"


@pytest.mark.parametrize("codec, modes", [("vp8", "L1T3"), ("vp9", "L3T3_KEY"), ("av1", "L3T3_KEY"), ("h264", "L1T3")])
def test_a_rooms_codec_is_sent_as_it_is_best_sent(people, chromium, codec, modes):
    ana = people(chromium, "Ana", probe=LARGE).join(f"codec?codec={codec}")
    budi = people(chromium, "Budi", probe=LARGE, viewport={"width": 1900, "height": 1000}).join("codec")
    for person, other in ((ana, budi), (budi, ana)):
        person.wait_for_picture(other.id, timeout=40)
        person.wait(f"{SENT}.length > 0 && {SENT}.every(({{ codec }}) => codec.toLowerCase() === '{codec}')", timeout=40)
    budi.wait(f"window.probe.picture('{ana.id}').height === 720", timeout=60)
    ana.wait(f"{SENT}.some(({{ mode }}) => mode === '{modes}')", timeout=60)
    # Which layers are sent at this moment is looked at once a second.
    ana.wait(f"({SENT}.length === 1) === {'true' if modes == 'L3T3_KEY' else 'false'}")
