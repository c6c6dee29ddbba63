"""How many files, and so connections, the process may have open."""

from __future__ import annotations

import resource

MOST = 65_536


def allow_files() -> int:
    """Let the process open as many files as it may: idle connections are worth keeping.

    Returns how many; infinite when negative.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
