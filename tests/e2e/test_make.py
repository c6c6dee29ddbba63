"""The make targets, with stand-ins for what takes long: nothing is installed here."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAIT_S = 20.0
CLEAN = {name: os.environ[name] for name in ("PATH", "HOME")}  # not the outer make's variables

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose setup only writes down what it was asked for."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    script(tmp_path / "tools/setup.sh", '#!/bin/sh\nmkdir -p "$1"\necho "$@" >>setup.log\n')
    script(tmp_path / ".venv/bin/scraper", '#!/bin/sh\necho "scraper $*"\nexit ${STATUS:-0}\n')
    return tmp_path


def make(
    folder: Path, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words], cwd=folder, env=CLEAN | (env or {}), capture_output=True, text=True
    )


def setups(folder: Path) -> list[str]:
    log = folder / "setup.log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "scraper demo"),
        (["CONFIG=config/books.yaml"], "scraper run config/books.yaml"),
        (["CONFIG=config/x.yaml", "ARGS=--limit 5 -q"], "scraper run config/x.yaml --limit 5 -q"),
    ],
)  # fmt: skip
def test_run_is_the_demo_or_the_config(checkout: Path, words: list[str], said: str):
    done = make(checkout, "run", *words)
    assert (done.returncode, done.stdout.strip()) == (0, said)


def test_set_up_once_and_again_when_a_lock_changes(checkout: Path):
    assert make(checkout, "run").returncode == make(checkout, "run").returncode == 0
    assert setups(checkout) == [".venv requirements.lock"]
    later = time.time() + 10
    os.utime(checkout / "requirements.lock", (later, later))
    make(checkout, "run")
    assert setups(checkout) == [".venv requirements.lock"] * 2


def test_broken_setup_is_tried_again(checkout: Path):
    script(checkout / "tools/setup.sh", "#!/bin/sh\necho tried >>setup.log\nexit 1\n")
    assert make(checkout, "run").returncode == make(checkout, "run").returncode == 2
    assert setups(checkout) == ["tried"] * 2


def test_exit_status_of_the_run_is_said(checkout: Path):
    done = make(checkout, "run", env={"STATUS": "4"})
    assert done.returncode != 0
    assert "Error 4" in done.stderr


def test_ctrl_c_lets_the_run_finish_its_work(checkout: Path):
    script(
        checkout / ".venv/bin/scraper",
        f"#!{sys.executable}\nimport pathlib, select, signal, sys\n"
        "def drain(*_):\n"
        "    select.select([], [], [], 0.3)\n    pathlib.Path('drained').touch()\n    sys.exit(4)\n"
        "signal.signal(signal.SIGINT, drain)\nprint('crawling', flush=True)\n"
        "select.select([], [], [], 20)\n",
    )
    with subprocess.Popen(
        ["make", "run"], cwd=checkout, env=CLEAN, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert run.stdout.readline() == "crawling\n"
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(WAIT_S) != 0
    assert (checkout / "drained").exists()


def test_help_names_the_targets():
    said = make(ROOT, "help").stdout
    for target in (
        "setup",
        "run",
        "fmt",
        "check",
        "unit",
        "test",
        "cov-core",
        "test-pythons",
        "soak",
        "image-test",
    ):
        assert f"\n{target} " in f"\n{said}"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine with make and a shell, and a Python that `python3` says it is."""
    for tool in ("make", "sh", "sed", "touch"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def setup(bare: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": str(bare), "HOME": str(bare)}
    return subprocess.run(
        [ROOT / "tools/setup.sh", bare / "venv", ROOT / "requirements.lock"],
        cwd=bare, env=path | env, capture_output=True, text=True,
    )  # fmt: skip


def test_missing_venv_module_says_what_to_install(bare: Path):
    script(
        bare / "python3",
        f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n',
    )
    done = setup(bare)
    assert done.returncode == 2
    assert "apt-get install python3-venv" in done.stderr
    assert not (bare / "venv").exists()


@pytest.mark.parametrize("old", ["", "#!/bin/sh\nexit 1\n"], ids=["none", "too old"])
def test_missing_python_is_said(bare: Path, old: str):
    if old:
        script(bare / "python3", old)
    done = setup(bare)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stderr


def test_python_can_be_named(bare: Path):
    done = setup(bare, PYTHON="3.12")
    assert done.returncode == 2
    assert "needs Python 3.12" in done.stderr
