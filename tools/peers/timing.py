"""Times a call."""

import time
from collections.abc import Callable
from statistics import median


def median_seconds(call: Callable[[], None], at_least: float) -> float:
    """The median time of a call, repeated for a number of seconds after a warm-up of a fifth of it."""
    seconds = []
    start = time.perf_counter()
    while (now := time.perf_counter()) < start + 1.2 * at_least or len(seconds) < 3:
        call()
        if now > start + 0.2 * at_least:
            seconds.append(time.perf_counter() - now)
    return median(seconds)
