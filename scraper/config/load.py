"""From a file to a plan: read, check, compile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from scraper.config.advice import advice
from scraper.config.compile import compile_plan
from scraper.config.hashes import lost_texts
from scraper.config.lint import lint
from scraper.config.mistakes import findings
from scraper.config.models import Config
from scraper.config.places import Finding, Mistake
from scraper.config.proxies import passwords
from scraper.config.python import lint_python
from scraper.config.source import Document, Override, read
from scraper.config.tree import Branch
from scraper.config.values import read_values
from scraper.core.errors import ConfigError, UsageError
from scraper.core.plan import Plan

_BY_HOST = (("politeness", "hosts"), ("fetch", "auth"))
_OF_HOST = ("per_host", "delay", "basic", "bearer")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that is right."""

    plan: Plan = field(repr=False)  # holds what came from the environment
    warnings: tuple[str, ...]
    text: str = field(repr=False)  # the YAML as written
    hash: str  # equal for configs that say the same
    config: Config = field(repr=False)
    tree: Mapping[str, object] = field(repr=False)  # as written: dicts, lists, texts and None
    secrets: frozenset[str] = field(repr=False)  # what the environment gave, and passwords
    included: tuple[str, ...] = ()  # files with shared parts


def load(
    path: str | Path,
    *,
    env: Mapping[str, str],
    overrides: Sequence[str] = (),
    seeds: str | None = None,
    db: str | None = None,
    python: Collection[str] = (),
) -> Loaded:
    """Read a config.

    Args:
        path: the file; errors name it as it is given here.
        env: what `${NAME}` and `proxies: environment` read.
        overrides: `politeness.delay=125ms`, a key with dots and a value in YAML; they win.
        seeds: a seed list that replaces all seeds; "-" is standard input.
        db: the database, instead of `store.path`.
        python: modules whose functions the config may call.

    Raises:
        ConfigError: all mistakes, one a line.
    """
    given = [*_options(seeds, db), *map(_override, overrides)]
    document = read(str(path), env=env, overrides=given)
    stem, folder = Path(path).stem, Path(path).parent
    config, found = _validated(document)
    found += lint(document.data, stem=stem, replaced=seeds is not None, env=env)
    found += lint_python(Branch((), document.data), allowed=python, folder=folder)
    config = _right(config, document, found)
    plan = compile_plan(config, stem=stem, env=env, folder=folder)
    return Loaded(
        plan=plan,
        warnings=tuple(advice(config, document)),
        text=document.text,
        hash=document.hash(),
        config=config,
        tree=document.data,  # not the document, whose nodes weigh more than the plan
        secrets=_secrets(document, plan, env),
        included=document.included,
    )


def _secrets(document: Document, plan: Plan, env: Mapping[str, str]) -> frozenset[str]:
    return frozenset([*read_values(document.data, env), *passwords(plan.fetch.proxies)])


def _validated(document: Document) -> tuple[Config | None, list[Finding]]:
    try:
        return Config.model_validate(document.data), []
    except ValidationError as error:
        return None, list(findings(error))


def _right(config: Config | None, document: Document, found: Iterable[Finding]) -> Config:
    """Return a config that is right, or tell all mistakes in their order.

    An unset variable is no wrong value as well; and where a text became a comment, nobody needs
    to hear what is missing there.
    """
    known = {mistake.place for mistake in document.mistakes}
    texts = lost_texts(document.root, document.text, document.name)
    lost = {one.path: one.mistake for one in texts if one.is_whole}
    told = [one for one in found if one.path not in lost]
    placed = (Mistake(document.place(one.path, key=one.at_key), one.text) for one in told)
    mistakes = [*document.mistakes, *lost.values()]
    mistakes += (one for one in placed if one.place not in known)
    if config is None or mistakes:
        raise ConfigError("\n".join(map(str, sorted(dict.fromkeys(mistakes)))))
    return config


def _override(text: str) -> Override:
    key, equals, value = text.partition("=")
    path = tuple(key.strip().split("."))
    if path[:2] in _BY_HOST and len(path) > 3:  # the names of hosts have dots
        end = -1 if path[-1] in _OF_HOST else len(path)
        path = (*path[:2], ".".join(path[2:end]), *path[end:])
    if not equals or not all(path):
        raise UsageError(f"--set {text}: write --set key=value, such as politeness.delay=125ms")
    return Override(option=f"--set {key.strip()}", path=path, value=value)


def _options(seeds: str | None, db: str | None) -> Iterator[Override]:
    if seeds is not None:
        keeps = ("column", "carry") if seeds.lower().endswith((".csv", ".csv.gz")) else ()
        yield Override("--seeds", ("seeds", "file"), seeds, is_text=True, keeps=keeps)
    if db is not None:
        yield Override("--db", ("store", "path"), db, is_text=True)
