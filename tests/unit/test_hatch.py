"""Functions of the user's own are found, or it is said why not."""

import sys
from pathlib import Path

import pytest

from scraper.core.extract.plan import PythonPlan
from scraper.hatch import HatchError, function_of, functions, search_path, takes


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def plan(name: str, folder: Path) -> PythonPlan:
    return PythonPlan(name, search_path(folder))


def test_functions_come_from_the_folder_and_from_the_path(tmp_path: Path, capsys):
    (tmp_path / "hatch_one.py").write_text("print('x')\nimport hatch_two\nf = hatch_two.f\n")
    (tmp_path / "hatch_two.py").write_text("def f(page): return page\n")
    found = functions([plan("hatch_one:f", tmp_path), plan("os.path:join", tmp_path)])
    assert found["hatch_one:f"](7) == 7
    assert set(found) == {"hatch_one:f", "os.path:join"}
    assert capsys.readouterr().out == ""  # ours is for results


def test_folder_shadows_nothing_that_is_there(tmp_path: Path):
    (tmp_path / "json.py").write_text("def loads(text): return 'mine'\n")
    assert function_of(plan("json:loads", tmp_path))("1") == 1
    assert search_path(tmp_path)[-1] == str(tmp_path)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import hatch_that_is_not_there", "ModuleNotFoundError: No module named 'hatch_that_is_n"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def", "SyntaxError: invalid syntax"),
    ],
)
def test_module_that_cannot_be_imported(tmp_path: Path, source: str, said: str):
    (tmp_path / "hatch_bad.py").write_text(source)
    with pytest.raises(HatchError) as caught:
        function_of(plan("hatch_bad:f", tmp_path))
    assert str(caught.value).startswith(f"hatch_bad cannot be imported: {said}")


def test_what_is_no_function():
    for name in ("nope", "sep"):
        with pytest.raises(HatchError, match=f"os.path has no function {name}"):
            function_of(PythonPlan(f"os.path:{name}"))


def test_what_a_function_takes():
    assert takes(lambda page: page, 1)
    assert takes(lambda *given: given, 2)
    assert not takes(lambda page: page, 2)
    assert not takes(lambda page, more: page, 1)
    assert takes(iter, 1)  # of C: it does not say
