"""The laws of the house that no tool checks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = sorted((ROOT / "scraper").rglob("*.py"))
CORE = sorted((ROOT / "scraper" / "core").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 350
LONGEST_FUNCTION = 40
HEAVY = ("aiohttp", "selectolax", "uvloop", "pydantic", "aiosqlite")


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_too_long():
    assert {name(p): lines(p) for p in PACKAGE if lines(p) > LONGEST_FILE} == {}


def test_no_function_is_too_long():
    long = {
        f"{name(path)}:{node.lineno} {node.name}": size
        for path in PACKAGE
        for node in functions(path)
        if (size := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_pipeline_is_worth_reading_first():
    assert lines(ROOT / "scraper" / "crawl.py") <= 130


@pytest.mark.parametrize("path", PACKAGE, ids=name)
def test_no_drawer_for_odds_and_ends(path: Path):
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "manager"}


@pytest.mark.parametrize("path", [p for p in CORE if functions(p)], ids=name)
def test_core_file_has_its_own_test_file(path: Path):
    """`make cov-core` then shows that it covers the file wholly."""
    folder = ROOT / "tests" / "unit" / path.relative_to(ROOT / "scraper").parent
    stem = path.parent.name if path.stem == "__init__" else path.stem
    assert (folder / f"test_{stem}.py").is_file()


def test_no_mocks():
    def imported(path: Path) -> set[str]:
        tree = ast.parse(path.read_text("utf-8"))
        froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        plain = [n for n in ast.walk(tree) if isinstance(n, ast.Import)]
        names = {f"{n.module}.{a.name}" for n in froms for a in n.names}
        return names | {a.name for n in plain for a in n.names}

    suspects = [path for path in TESTS if "mock" in path.read_text("utf-8")]
    assert [name(p) for p in suspects if any("unittest.mock" in i for i in imported(p))] == []


def test_nothing_sleeps_in_unit_tests():
    sleepers = [
        name(path)
        for path in TESTS
        if "unit" in path.parts and path != Path(__file__) and "time.sleep(" in path.read_text()
    ]
    assert sleepers == []


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"]
)
def test_lock_has_hashes_and_no_addresses(lock: str):
    text = (ROOT / lock).read_text()
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert "://" not in text
    assert not any(line.startswith("-") for line in pins)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str):
    code = (
        "import sys\n"
        f"sys.argv = ['scraper', {option!r}]\n"
        "from scraper.cli import main\n"
        "try:\n    sys.exit(main())\n"
        "except SystemExit as end:\n"
        f"    heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    sys.exit(f'imported: {heavy}' if heavy else end.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_worker_imports_the_core_and_what_it_extracts_with():
    """A worker starts in a tenth of a second, and a config never reaches it."""
    unwanted = (
        "aiohttp",
        "aiosqlite",
        "pydantic",
        "typer",
        "rich",
        "scraper.config",
        "scraper.store",
    )
    code = (
        "import sys, scraper.parse.worker\n"
        f"sys.exit(' '.join(name for name in {unwanted!r} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.strip() == ""


def test_licence_is_the_whole_text():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
