"""A site for members: a login with a CSRF token, sessions that end in mid-crawl."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http.cookies import SimpleCookie
from itertools import count
from urllib.parse import parse_qs

from tests.site import Handler, SiteThread, Visit, computed, html

USER, PASSWORD = "ada@members.example", "tr0ub4dor&3 ="


class Members:
    """Twenty pages for who is logged in.

    Args:
        lives: how many pages each session is good for, the last one for ever on.
    """

    def __init__(self, *, pages: int = 20, lives: tuple[int, ...] = ()) -> None:
        self.pages = pages
        self.logins = 0
        self._lives = list(lives)
        self._tokens: dict[str, str] = {}  # visitor -> the token of the form it was shown
        self._left: dict[str, float] = {}  # session -> pages
        self._numbers = count(1)

    def on(self, site: SiteThread) -> None:
        site.route("/login", computed(self._login))
        site.route("/m/*", computed(self._page))
        site.route("/never/*", computed(self._never))

    def _login(self, visit: Visit) -> Handler:
        if visit.method == "POST":
            return self._enter(visit)
        visitor, token = f"v{next(self._numbers)}", f"t{next(self._numbers)}"
        self._tokens[visitor] = token
        return html(form(token), headers={"Set-Cookie": f"visitor={visitor}; Path=/"})

    def _enter(self, visit: Visit) -> Handler:
        said = {name: values[0] for name, values in parse_qs(visit.body.decode()).items()}
        token = self._tokens.pop(cookies(visit).get("visitor", ""), None)
        if token is None or said != {"csrf": token, "user": USER, "password": PASSWORD}:
            return html(form("again", f"Wrong: {escape(said.get('user', ''))}"))
        self.logins += 1
        session = f"s{next(self._numbers)}"
        self._left[session] = self._lives.pop(0) if self._lives else float("inf")
        head = {"Location": "/m/0", "Set-Cookie": f"session={session}; Path=/; HttpOnly"}
        return html("", status=302, headers=head)

    def _page(self, visit: Visit) -> Handler:
        session = cookies(visit).get("session", "")
        if self._left.get(session, 0) < 1:
            return html(form("again"), status=200)
        number = int(visit.path.rpartition("/")[2])
        if number:  # the start page costs nothing
            self._left[session] -= 1
        links = "".join(f"<a class=member href=/m/{n}>" for n in range(1, self.pages + 1))
        return html(f"<a href=/logout>out</a>{'' if number else links}<h1>Member {number}</h1>")

    def _never(self, visit: Visit) -> Handler:
        return html(form("again"), status=403)


def form(token: str, said: str = "") -> str:
    return (
        f"<title>Sign in {said}</title><form action=/login method=post>"
        f"<input type=hidden name=csrf value='{token}'><input name=user>"
        "<input type=password name=password><input type=submit name=go></form>"
    )


def cookies(visit: Visit) -> Mapping[str, str]:
    jar = SimpleCookie(visit.headers.get("cookie", ""))
    return {name: morsel.value for name, morsel in jar.items()}
