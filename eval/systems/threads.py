"""One thread for all that is compared."""

from __future__ import annotations

THREAD_LIMITS = {
    "OMP_THREAD_LIMIT": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "DOCAGENT_THREADS": "1",
}
"""Environment of a process that computes in one thread."""
