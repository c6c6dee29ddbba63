"""Of all tests: a property is judged by what holds, never by how busy the machine is.

`make test` tries the same examples each time, so that a change is judged by what it changed;
`make search` tries others each time, and finds what nobody thought of.
"""

import os
import sys

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

settings.register_profile(
    "same",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    max_examples=50,
)
settings.register_profile("new", settings.get_profile("same"), derandomize=False, max_examples=200)
settings.load_profile(os.environ.get("EXAMPLES", "same"))

if settings.default.derandomize:
    # Private: else it draws numbers and words from the modules that happen to be loaded, so that
    # the examples are others with each change of any file, and with each choice of tests.
    providers._get_local_constants = lambda: providers._local_constants

# The command is started hundreds of times, and would compile the package each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
