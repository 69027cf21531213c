"""When this machine had no time for the tests: what was waited for then says nothing of the server."""

import threading
import time

TICK = 0.02
LATE = 0.1


class Stalls:
    """A thread that wakes every now and then and notes when it woke late. Times are those of `time.monotonic()`."""

    def __init__(self):
        self.spans = []
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        before = time.monotonic()
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            if now - before > TICK + LATE:
                self.spans.append((before + TICK, now))
            before = now

    def since(self, begun):
        """Seconds that passed since a time, less those in which nothing ran here."""
        now = time.monotonic()
        return now - begun - sum(min(to, now) - max(since, begun) for since, to in list(self.spans) if to > begun)


stalls = Stalls()
