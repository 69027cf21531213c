"""What a bad link does to datagrams, as a function of time: seeded, and without a clock of its own."""

import dataclasses
import random

HEADERS = 28  # IPv4 and UDP take their share of a link's rate too.


@dataclasses.dataclass(frozen=True)
class Conditions:
    """One direction of a link. Times in seconds, rate in bit/s; nothing set is a perfect link."""

    loss: float = 0.0
    """Share of datagrams lost, each by itself."""
    bursts: tuple[float, float, float] | None = None
    """Gilbert and Elliott: chance of turning bad, chance of turning good again, loss while bad."""
    delay: float = 0.0
    jitter: float = 0.0
    """Up to this much more delay, differently for each datagram; order is kept."""
    rate: int | None = None
    queue: float = 0.3
    """How long a datagram may wait for the rate; what would wait longer is dropped."""
    cut: bool = False


PERFECT = Conditions()


class Direction:
    """Says of each datagram when it comes out, or that it does not."""

    def __init__(self, seed=0):
        self.random = random.Random(seed)
        self.conditions = PERFECT
        self.is_bad = False
        self.free_at = 0.0
        self.last = 0.0
        self.passed = self.lost = self.dropped = 0

    def set(self, conditions):
        """From now on these hold; what is on its way already keeps its time."""
        self.conditions = conditions
        self.is_bad = False

    def departure(self, size, now):
        """When a datagram of so many bytes that enters now comes out; None where it is lost."""
        its = self.conditions
        if its.cut or self.is_lost(its):
            self.lost += 1
            return None
        at = now
        if its.rate is not None:
            begins = max(self.free_at, now)
            if begins - now > its.queue:
                self.dropped += 1
                return None
            at = self.free_at = begins + (size + HEADERS) * 8 / its.rate
        at += its.delay + (its.jitter * self.random.random() if its.jitter else 0.0)
        self.last = at = max(at, self.last)
        self.passed += 1
        return at

    def is_lost(self, its):
        if its.bursts is not None:
            turns_bad, turns_good, loss = its.bursts
            if self.random.random() < (turns_good if self.is_bad else turns_bad):
                self.is_bad = not self.is_bad
            if self.is_bad and self.random.random() < loss:
                return True
        return its.loss > 0 and self.random.random() < its.loss
