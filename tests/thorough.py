"""How thorough tests are: `scripts/test --all` asks for all that they can, every other run for what fits in minutes."""

import os

THOROUGH = "HASHWARM_THOROUGH" in os.environ
EVERYDAY_SHARE = 0.4
LEAST_EXAMPLES = 10


def examples(most: int) -> int:
    """Return how many examples a costly property is tried with."""
    return most if THOROUGH else min(max(round(most * EVERYDAY_SHARE), LEAST_EXAMPLES), most)
