"""`make cov-core`: is each file of the core covered, branches too, by its own test file alone?

Usage: python tests/cov_core.py [FILE...]      (default: every file of scraper/core that has code)

A file covered only by somebody else's tests is a file whose rules nobody wrote down.
"""

import ast
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "unit"


def has_code(path: Path) -> bool:
    """Whether there is a function in it: plain values have nothing to test."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return any(isinstance(node, kinds) for node in ast.walk(ast.parse(path.read_text("utf-8"))))


def test_file(path: Path) -> Path:
    """Return where the tests of a file of the package are."""
    stem = path.parent.name if path.stem == "__init__" else path.stem
    return TESTS / path.relative_to(ROOT / "scraper").parent / f"test_{stem}.py"


def faults(path: Path) -> str:
    """Return why a file is not covered, or "" when it is."""
    tests = test_file(path)
    if not tests.is_file():
        return f"no {tests.relative_to(ROOT)}"
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"COVERAGE_FILE": f"{folder}/coverage"}
        coverage = [sys.executable, "-m", "coverage"]
        pytest = ["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cov", "-p", "no:cacheprovider"]
        for command in (
            [*coverage, "run", "--branch", *pytest, str(tests)],
            [*coverage, "report", "--include", str(path), "--fail-under", "100", "-m"],
        ):
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
            if done.returncode:
                return "\n".join(f"    {line}" for line in done.stdout.splitlines()[-15:])
    return ""


def main(names: list[str]) -> int:
    """Check the files, two at a time; returns the exit status."""
    everything = sorted((ROOT / "scraper" / "core").rglob("*.py"))
    files = [Path(name).resolve() for name in names] or [p for p in everything if has_code(p)]
    bad = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, fault in zip(files, pool.map(faults, files), strict=True):
            print(f"{'FAIL' if fault else 'ok  '} {path.relative_to(ROOT)}", flush=True)
            if fault:
                bad += 1
                print(fault, flush=True)
    print(f"{len(files) - bad} of {len(files)} files of the core are covered by their own tests")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
