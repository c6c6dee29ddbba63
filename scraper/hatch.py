"""The escape hatch: functions of the user's own, imported by name.

The command line names the modules (`--python my_site`); a config alone can never run code. They
are imported here to be looked at, and again in each worker process, where alone they are called.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from scraper.core.extract.plan import PythonPlan


class HatchError(Exception):
    """A function cannot be had; says why."""


def search_path(folder: Path) -> tuple[str, ...]:
    """Where modules are looked for: the Python path as it is, then the config's folder."""
    paths = (str(Path(entry).absolute()) for entry in (*sys.path, str(folder)))
    return tuple(dict.fromkeys(paths))


def function_of(plan: PythonPlan) -> Callable[..., Any]:
    """The function that is meant.

    Raises:
        HatchError: the module cannot be imported, or has no such function.
    """
    module_name, _, name = plan.name.partition(":")
    known = set(sys.path)
    sys.path += [entry for entry in plan.path if entry not in known]
    try:
        with redirect_stdout(sys.stderr):  # ours is for results
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise HatchError(
            f"{module_name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    found = getattr(module, name, None)
    if not callable(found):
        raise HatchError(f"{module_name} has no function {name}")
    return found  # type: ignore[no-any-return]  # it is callable


def functions(plans: Iterable[PythonPlan]) -> dict[str, Callable[..., Any]]:
    """The functions by the names that the plans give them."""
    return {plan.name: function_of(plan) for plan in plans}


def takes(function: Callable[..., Any], number: int) -> bool:
    """Whether a function can be called with so many arguments; True if that cannot be known."""
    try:
        inspect.signature(function).bind(*[None] * number)
    except TypeError:
        return False
    except ValueError:  # of C: it does not say
        return True
    return True
