"""How long a session waits for what; fields so that tests are quick."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """Times in s."""

    connect_s: float = 10.0
    configure_s: float = 5.0
    """For the answer to mining.configure; some pools never answer methods they do not know."""
    handshake_s: float = 30.0
    """From the connection to the first work."""
    notify_s: float = 90.0
    """Between notifies; pools refresh every 30 to 60 s."""
    submit_s: float = 60.0
    """For the answer to a share."""
    stable_s: float = 60.0
    """A connection that lasted that long clears the failures before it."""
    back_off_first_s: float = 1.0
    back_off_longest_s: float = 60.0
    failures_before_next: int = 3
    retry_first_s: float = 300.0
    """Between attempts to return to the first pool."""
    share_interval_s: float = 10.0
    """Asked for with mining.suggest_difficulty."""
    longest_share_interval_s: float = 3600.0
    """Beyond it the pool's difficulty is called too high."""
    assumed_hash_rate_hs: float = 5e6
    """For the suggestion while the rate is not known or nothing is hashed; a small computer's single core."""
    goodbye_s: float = 2.0
    """For closing a connection in good order."""
