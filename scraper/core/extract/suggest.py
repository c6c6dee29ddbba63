"""What to take from a page that nobody has described: items, fields, links, each with its reason.

Everything that is proposed was read from the page by the real extraction, so that what is said of
it ("20 of 20") holds. The same page gives the same proposal.
"""

from __future__ import annotations

from selectolax.lexbor import SelectolaxError

from scraper.core.errors import ParseError
from scraper.core.extract.document import Document, NotJsonError, Source
from scraper.core.extract.groups import Group, find_groups
from scraper.core.extract.naming import as_name, item_name
from scraper.core.extract.plan import EachPlan
from scraper.core.extract.proposal import FollowProposal, ItemProposal, Suggestion
from scraper.core.extract.suggest_data import (
    ENTRIES,
    longest_list,
    next_link,
    of_feed,
    of_jsonld,
    of_metas,
    of_objects,
)
from scraper.core.extract.suggest_fields import Choice, choose, fields_of, own_text
from scraper.core.extract.suggest_links import find_details, find_next
from scraper.core.extract.suggest_pages import find_more
from scraper.core.extract.suggest_pairs import Pairs, fields_between, find_pairs
from scraper.core.extract.xml import is_xml
from scraper.core.nesting import suspicious
from scraper.core.url import parse

_MOST_GROUPS = 4  # that are tried
_SURE = 1.2  # the score of a group that leaves little doubt
_FEWEST_ENTRIES = 2  # of a feed


def suggest(body: bytes, source: Source) -> Suggestion:
    """Look at a page once.

    Args:
        body: UTF-8; see `core.content.as_utf8`. Whatever it is, nothing is raised.
    """
    if suspicious(body):
        return Suggestion(note="its markup is nested so deeply that it was not looked into")
    try:
        if is_xml(body, source.media):
            return _of_feed(body, source)
        if body.lstrip()[:1] in (b"{", b"["):
            return _of_json(body, source)
        return _of_html(body, source)
    except (ParseError, SelectolaxError, ValueError, RecursionError) as error:
        return Suggestion(note=f"it cannot be read: {error}")


def _of_feed(body: bytes, source: Source) -> Suggestion:
    for each in ENTRIES:
        choice = choose(of_feed(), each, body, source)
        if choice.fields and choice.count >= _FEWEST_ENTRIES:
            why = f"{choice.count} elements {each} of a feed"
            return Suggestion((_proposal(each, each, choice, why),))
    return Suggestion(note="it is XML without elements item, entry, url or sitemap")


def _of_json(body: bytes, source: Source) -> Suggestion:
    document = Document(body, source)
    try:
        value = document.json
    except NotJsonError:
        return _of_html(body, source)
    found = longest_list(value)
    if found is None:
        return Suggestion(note="it is JSON without a list of objects")
    path, count, objects = found
    choice = choose(of_objects(objects), EachPlan(path), body, source)
    hint = path.removesuffix("[]").rpartition(".")[2]
    name = item_name([as_name(hint).removesuffix("s")])
    why = f"{count} objects in the list {path}, the longest of the response"
    items = (_proposal(name, {"json": path}, choice, why),) if choice.fields else ()
    link = next_link(value)
    if link is None:
        follow = find_more(value, count, document)
    else:
        follow = FollowProposal({"json": link}, "listing", "a URL under the key next")
    return Suggestion(items, () if follow is None else (follow,))


def _of_html(body: bytes, source: Source) -> Suggestion:
    document = Document(body, source)
    here = parse(source.final_url)
    groups = find_groups(document.parser)
    items: list[ItemProposal] = []
    follow: list[FollowProposal] = []
    about = of_jsonld(document)
    if about is not None:
        name, candidates = about
        choice = choose(candidates, None, body, source)
        if choice.fields:
            items.append(
                _proposal(item_name([name]), None, choice, f"its JSON-LD is of one {name}")
            )
    if not items:
        best = _best(groups, document, body, source)
        if best is not None:
            found = _of_group(*best)
            items.append(found)
            detail = find_details(str(found.each), best[1], here)
            follow += [onward for onward in (find_next(document, here), detail) if onward]
    if not items:
        choice = choose(of_metas(document), None, body, source)
        items += [_proposal("page", None, choice, "nothing on it repeats")] if choice.fields else []
    return Suggestion(tuple(items), tuple(follow))


def _best(
    groups: list[Group], document: Document, body: bytes, source: Source
) -> tuple[Group, Choice, Pairs | None] | None:
    """The group whose members say most, among those that score best."""
    tried = []
    for group in groups[:_MOST_GROUPS]:
        pairs = find_pairs(group, document.parser)
        if pairs is None:
            candidates = fields_of(
                document.parser.css(group.css), _headers(group, document), group.css
            )
            choice = choose(candidates, group.css, body, source)
        else:
            candidates = fields_of(pairs.firsts, [], pairs.each)
            candidates += [*own_text(pairs.firsts), *fields_between(pairs)]
            choice = choose(candidates, pairs.each, body, source)
        if choice.fields:
            tried.append((group.score * min(3, len(choice.fields)), group, choice, pairs))
    best = max(tried, key=lambda one: one[0], default=None)
    return None if best is None else best[1:]


def _headers(group: Group, document: Document) -> list[str]:
    """The names of a table's columns, where a row of `th` gives them."""
    row = document.parser.css_first(group.css) if group.is_rows else None
    table = row.parent if row is not None else None
    while table is not None and table.tag != "table":
        table = table.parent
    first = table.css_first("tr:has(th)") if table is not None else None
    if first is None or first.css_first("td") is not None:
        return []
    return [as_name(cell.text()) for cell in first.css("th")]


def _of_group(group: Group, choice: Choice, pairs: Pairs | None) -> ItemProposal:
    name, sure = item_name(group.hints), group.score >= _SURE
    if pairs is None:
        return _proposal(name, group.css, choice, f"{choice.count} elements alike", sure=sure)
    why = f"{choice.count} elements alike, each with what stands between it and the next one"
    own = [pairs.each.rpartition(".")[2]] if "." in pairs.each else []
    name = item_name([*own, *group.hints])
    return _proposal(name, pairs.each, choice, why, sure=sure)


def _proposal(
    name: str, each: dict[str, str] | str | None, choice: Choice, why: str, *, sure: bool = True
) -> ItemProposal:
    return ItemProposal(name, choice.fields, why, each, choice.count, choice.key, sure)
