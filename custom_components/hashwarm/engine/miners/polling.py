"""How often a device is asked: at its interval, and with jitter so that a hundred do not answer at once."""

import random

LEAST_INTERVAL_S, MOST_INTERVAL_S = 5.0, 600.0
LONGEST_ANSWER_S = 10.0
AUTH_FAILURES_BORNE, REAUTH_EVERY_S = 2, 600.0
JITTER = 0.1
FIRST_RETRY = 0.2


def time_limit_s(interval_s: float) -> float:
    """Return how long an update may take: under half the interval."""
    return min(0.45 * interval_s, LONGEST_ANSWER_S)


def first_delay_s(interval_s: float, randomness: random.Random) -> float:
    """Return when to ask again after the first answer, so that devices set up together drift apart."""
    return interval_s * randomness.uniform(0.5, 1.0)


def retry_delay_s(failures: int, interval_s: float, randomness: random.Random, *, refusals: int = 0) -> float:
    """Return the wait after so many failures: soon at first, then longer, never longer than the interval.

    A device that refuses the password again and again is left in peace for longer, or it would lock us out.
    """
    if refusals > AUTH_FAILURES_BORNE:
        return max(interval_s, REAUTH_EVERY_S)
    grown_s = min(FIRST_RETRY * interval_s * float(1 << min(failures - 1, 8)), interval_s)
    return grown_s * randomness.uniform(1.0 - 2 * JITTER, 1.0)
