"""Of all tests: a property is judged by what holds, never by how busy the machine is.

`make test` tries the same examples each time, so that a change is judged by what it changed;
`make search` tries others each time, and finds what nobody thought of.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("new", settings.get_profile("same"), derandomize=False)
settings.load_profile(os.environ.get("EXAMPLES", "same"))
