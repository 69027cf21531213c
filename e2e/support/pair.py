"""Two people who see and hear each other: Ana (Chromium) and Budi (Firefox), each behind a link of their own."""

import time

from .impairment import Conditions
from .quality import Witness, now, overlap

CAMERA = {"width": 960, "height": 540, "rate": 15, "detail": 0.2}
VIEWPORT = {"width": 1600, "height": 900}  # large enough for the largest layer
SCREEN = {"width": 1280, "height": 720, "rate": 5, "fine": True}
FAR = Conditions(delay=0.05)
LARGE = 270  # lines; whether there is time for more depends on the machine too
LONGEST_SILENCE = 200


def meet(browsers, server, impairments, people):
    """Both in one room; `people` are to be sent home."""
    for number, (browser, name) in enumerate(zip(browsers, ["Ana", "Budi"])):
        person = Witness(browser, server, name, impairments=impairments, seed=number + 1, hue=number * 120,
                         tone=440 + number * 300, viewport=VIEWPORT, probe={"camera": CAMERA, "screen": SCREEN})
        people.append(person)
        person.link.set(FAR, FAR)
        person.join("quality")
    pair = Pair(*people)
    for viewer in pair:
        sender = pair.other(viewer)
        viewer.wait_for_picture(pair.id(sender))
        viewer.wait_for_tone(pair.id(sender), sender.tone)
        viewer.listen(pair.id(sender))
    return pair


class Pair:
    """Two people who see and hear each other."""

    def __init__(self, ana, budi):
        self.people = {"chromium": ana, "firefox": budi}
        self.ids = {person: person.id for person in self.people.values()}

    def __iter__(self):
        return iter(self.people.values())

    def __getitem__(self, name):
        return self.people[name]

    def other(self, person):
        return next(one for one in self if one is not person)

    def id(self, person):
        return self.ids[person]

    def mend(self):
        for person in self:
            person.link.set(FAR, FAR)

    def wait_until_steady(self, timeout=120):
        """Both see a large picture of the other, at nearly the rate at which it is encoded."""
        begun = time.monotonic()
        while not all(self.is_steady(viewer) for viewer in self):
            if time.monotonic() - begun > timeout:
                raise AssertionError([self.told(viewer, now() - 2000, now()) for viewer in self])
            for viewer in self:
                viewer.page.wait_for_timeout(250)
        return time.monotonic() - begun

    def stalls(self):
        """When a page or a link stood still: this machine had no time for it."""
        spans = [span for person in self for span in (*person.stalls(), *person.link.impairments.stalls())]
        return [(begun - 200, to) for begun, to in spans]

    def had_time(self, since, until):
        """Whether this machine had enough time for browsers to be judged by what they did meanwhile."""
        rates = [person.encoding(since, until).rate for person in self]
        return overlap((since, until), self.stalls()) < 0.1 * (until - since) and min(rates) >= CAMERA["rate"] / 2

    def is_steady(self, viewer, milliseconds=2000):
        report = self.report(viewer, now() - milliseconds, now())
        encoded = self.other(viewer).encoding(now() - milliseconds, now())
        return report.height >= LARGE and report.rate >= 0.7 * encoded.rate > 0

    def steady_since(self, viewer, since):
        """When pictures became large again and half as many as are encoded."""
        shown = viewer.shown(self.id(self.other(viewer)), since, now())
        encoded = self.other(viewer).encoding(now() - 3000, now())
        full = [at for at, _, height, _ in shown if height >= LARGE]
        dense = (at for at in full if sum(at <= other < at + 2000 for other in full) >= encoded.rate)
        return next(dense, now())

    def report(self, viewer, since, until):
        rate = self.other(viewer).encoding(since, until).rate
        return viewer.picture_report(
            self.id(self.other(viewer)), since, until, stalls=self.stalls(), interval=1000 / max(rate, 1))

    def silences(self, viewer, since, until):
        """Longest first, in milliseconds."""
        stalls = self.stalls()
        gaps = viewer.gaps(self.id(self.other(viewer)), since, until)
        return sorted((round(to - begun - overlap((begun, to), stalls)) for begun, to in gaps), reverse=True)

    def assert_good(self, viewer, since, until, *, rate, frozen):
        """Sound without gaps; pictures at a share of the rate at which they were encoded, and seldom frozen."""
        silences = self.silences(viewer, since, until)
        assert silences[:1] < [LONGEST_SILENCE], f"{viewer.name} hears nothing for {silences[:4]} ms"
        report = self.report(viewer, since, until)
        encoded = self.other(viewer).encoding(since, until)
        assert report.rate >= rate * encoded.rate, f"{viewer.name} sees {report}, of {encoded}"
        assert report.frozen <= frozen, f"{viewer.name} sees {report}"

    def told(self, viewer, since, until):
        sender = self.other(viewer)
        return (f"{viewer.name} sees {sender.name}: {self.report(viewer, since, until)}, of "
                f"{sender.encoding(since, until)}; silences {self.silences(viewer, since, until)[:4]} ms")

    def measure(self, seconds):
        """Lets time pass, and says when it began and ended."""
        since = now()
        for _ in range(int(seconds * 10)):
            for person in self:
                person.page.wait_for_timeout(50)
            if now() - since >= seconds * 1000:
                break
        until = now()
        for viewer in self:
            print(self.told(viewer, since, until))
        return since, until

    def measure_with_time(self, seconds, times=3):
        """Measures again where this machine had no time for browsers; what was measured last counts in any case."""
        for _ in range(times):
            since, until = self.measure(seconds)
            if self.had_time(since, until):
                break
        return since, until
