"""What is kept of a page that was read whole, to tell the next time whether it has changed.

A page is what its rule takes of it: items, what was rejected, and where its links in scope lead.
A new token in a hidden input, a counter or an advertisement changes nothing of that, and the values
are there already: hashing them costs a hundredth of a page's time. (The text of the page, which
lexbor gives with its inline scripts, would cost a tenth and change with every token in a script.)
Of a page from which nothing is taken the bytes count.

Two readings can be compared when they were made on the same *basis*: all that decides what is taken
of a page beside its bytes. A changed selector is no changed page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

from scraper.core.credentials import is_credential
from scraper.core.extract import takes_nothing
from scraper.core.extract.plan import PageRule
from scraper.core.follow import Followed
from scraper.core.model import Page, Reading, Request, Response
from scraper.core.plan import Plan
from scraper.core.schedule.revalidate import validators_of
from scraper.core.scope import Scope
from scraper.core.sketch import sketch

BASIS_BYTES = 8
HASH_BYTES = 16


class Readings:
    """Makes the readings of a crawl.

    Args:
        version: of the program: another one may extract otherwise.
    """

    __slots__ = ("_counts_depth", "_grows", "_rules", "_takes_nothing")

    def __init__(self, plan: Plan, *, version: str) -> None:
        shared = _shared(plan, version)
        rules: list[PageRule | None] = [None, *plan.pages]
        self._rules = {rule and rule.name: _hash(shared + _said(rule)) for rule in rules}
        self._takes_nothing = {rule.name for rule in plan.pages if takes_nothing(rule)}
        self._counts_depth = plan.scope.max_depth is not None
        self._grows = plan.scope.hosts == "seeds"

    def of_body(
        self, request: Request, response: Response, rule: PageRule | None = None
    ) -> Reading:
        """Of a page from which nothing is taken."""
        content = blake2b(response.body, digest_size=HASH_BYTES).digest()
        return Reading(content, self.basis(request, rule), *validators_of(request, response))

    def of_page(
        self,
        request: Request,
        response: Response,
        rule: PageRule,
        page: Page,
        links: Followed,
        scope: Scope,
    ) -> Reading:
        """Of a page that was extracted."""
        if rule.name in self._takes_nothing:
            return self.of_body(request, response, rule)
        is_cut = self._grows and any(key == "hosts" for key, _ in links.outside)
        basis = self.basis(request, rule, hosts=scope.fingerprint if is_cut else b"")
        validators = validators_of(request, response)
        if any(link.half is not None for link in links.requests):
            validators = None, None  # what its links carry on is told by other pages too
        return Reading(fingerprint(page, links.requests), basis, *validators, near(page))

    def holds(self, request: Request, rule: PageRule | None, scope: Scope | None) -> bool:
        """Whether the page would be read today as it was when it got its validators.

        Args:
            scope: None: it is not known yet which hosts are in scope.
        """
        known = request.validators
        if known is None:
            return False
        if known.basis == self.basis(request, rule):
            return True
        grown = scope is not None and self.basis(request, rule, hosts=scope.fingerprint)
        return known.basis == grown

    def basis(self, request: Request, rule: PageRule | None, *, hosts: bytes = b"") -> bytes:
        """All that decides what is taken of a page beside its bytes, hashed.

        Args:
            hosts: the fingerprint of the scope that has kept links out, if it may still grow.
        """
        basis = self._rules[rule and rule.name]
        depth = request.depth if self._counts_depth else None  # deeper pages have links cut
        if not (depth is not None or hosts or request.carry or request.headers):
            return basis
        brought = [depth, dict(request.carry), _open(request.headers)]
        return _hash(basis + hosts + json.dumps(brought, sort_keys=True).encode())


def fingerprint(page: Page, links: Iterable[Request]) -> bytes:
    """16 bytes of what was taken of a page, whatever the order of its links."""
    said = [f"{one.type} {one.data}" for one in page.items]
    said += [f"half {one.type} {one.data}" for one in page.halves]
    said += [f"{one.reason} {one.type} {one.field} {one.data}" for one in page.rejected]
    text = "\n".join(said).encode("utf-8", "surrogatepass")  # no line end in JSON, nor in a name
    targets = b"".join(sorted({link.key for link in links}))
    return blake2b(text + b"\n\n" + targets, digest_size=HASH_BYTES).digest()


def near(page: Page) -> bytes | None:
    """What pages are likely to share whose items say nearly the same; None: too little is said."""
    return sketch(" ".join([one.data for one in page.items]).encode("utf-8", "surrogatepass"))


def _shared(plan: Plan, version: str) -> bytes:
    """What all rules have in common; nothing of it is a secret."""
    fetch = plan.fetch
    asked = (fetch.user_agent, _open(fetch.headers), fetch.cookies, sorted(fetch.auth))
    login = plan.login and plan.login.url
    scope = replace(plan.scope, max_pages=None)
    return repr((version, plan.store.bodies, plan.url, scope, asked, login)).encode()


def _said(rule: PageRule | None) -> bytes:
    """What a rule says of what is taken of a page; when it is visited again is another matter."""
    return repr(rule and replace(rule, refresh_s=None, auto=None)).encode()


def _open(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that are no secrets."""
    return sorted(pair for pair in headers if not is_credential(pair[0]))


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=BASIS_BYTES).digest()
