"""Waiting for what a page says, without `eval` in the page, which its policy may forbid."""

import time


def wait_until(page, condition, timeout=40):
    """Until an expression, or the promise that it is, holds. What throws does not hold yet."""
    end = time.monotonic() + timeout
    look = f"async () => {{ try {{ return Boolean(await ({condition})) }} catch (error) {{ return String(error) }} }}"
    while (answer := page.evaluate(look)) is not True:
        assert time.monotonic() < end, f"waited {timeout} s for {condition}: {answer}"
        page.wait_for_timeout(50)
