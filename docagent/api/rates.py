"""How often somebody may call."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from docagent.api.problems import RequestError


class RateLimit:
    """Most requests a minute of each caller, counted in a window that slides."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def check(self, who: str) -> None:
        """Count a request. Raises RequestError (429) if there were too many."""
        if self._limiter.hit(self._item, who):
            return
        reset = self._limiter.get_window_stats(self._item, who).reset_time
        raise RequestError(
            429,
            "limit.rate",
            f"more than {self.per_minute} requests a minute; wait and try again",
            retry_after=max(1.0, reset - time.time()),
        )
