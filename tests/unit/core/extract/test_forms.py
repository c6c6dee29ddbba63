"""What a form says, as the HTML standard has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.document import Document, Source
from scraper.core.extract.forms import Form, Target, option_value, read_form, target

SOURCE = Source("http://a.example/", "http://a.example/dir/page?q=1#x")


def read(body: str, css: str = "form", *, charset: str = "utf-8") -> Form:
    source = Source(SOURCE.url, SOURCE.final_url, charset=charset)
    document = Document(body.encode("utf-8", "replace"), source)
    node = document.parser.css_first(css)
    assert node is not None
    return read_form(node, document)


def said(body: str, css: str = "form", **options: str) -> list[tuple[str, ...]]:
    """The controls that send something: name and values."""
    form = read(body, css, **options)
    return [(each.name, *each.values) for each in form.controls if each.values]


@pytest.mark.parametrize(
    ("inside", "sends"),
    [
        ("<input name=a value=1><input name=a value=2>", [("a", "1"), ("a", "2")]),
        ("<input name=a>", [("a", "")]),
        ("<input value=1><input name='' value=1>", []),
        ("<input name=a value='x\r\ny'>", [("a", "xy")]),
        ("<input type=hidden name=a value='x\ny'>", [("a", "x\ny")]),
        ("<input type=checkbox name=a><input type=radio name=b value=1>", []),
        ("<input type=CHECKBOX name=a checked><input type=radio name=b value=1 checked>",
         [("a", "on"), ("b", "1")]),
        ("<input type=checkbox name=a value='' checked>", [("a", "")]),
        ("<input type=submit name=a value=1><button name=b value=2></button>", []),
        ("<input type=reset name=a><input type=button name=b><button type=reset name=c>", []),
        ("<input type=image name=a><button type=submit>x</button>", []),
        ("<textarea name=a>\n x\ny</textarea><textarea>no name</textarea>", [("a", " x\ny")]),
        ("<input name=a disabled value=1><textarea name=b disabled></textarea>", []),
        ("<fieldset disabled><input name=a></fieldset><input name=b>", [("b", "")]),
        (("<fieldset disabled><legend><input name=a></legend><legend><input name=b></legend>"
         "</fieldset>"), [("a", "")]),
        ("<fieldset><input name=a></fieldset>", [("a", "")]),
        ("<datalist><input name=a></datalist>", []),
        ("<select name=a></select>", []),
        ("<select><option>x</select>", []),
        ("<select name=a><option>x  y<option value=z></select>", [("a", "x y")]),
        ("<select name=a><option value=x disabled><option value=y></select>", [("a", "y")]),
        ("<select name=a><option value=x disabled selected><option value=y></select>", []),
        ("<select name=a><optgroup disabled><option>x</optgroup><option>y</select>", [("a", "y")]),
        ("<select name=a><option selected>x<option selected>y</select>", [("a", "y")]),
        ("<select name=a size=3><option>x</select>", []),
        ("<select name=a size=1><option>x</select>", [("a", "x")]),
        ("<select name=a multiple><option>x<option selected>y<option selected value>z</select>",
         [("a", "y", "")]),
        ("<input name=a dirname=d value=x>", [("a", "x"), ("d", "ltr")]),
        ("<p dir=RTL><textarea name=a dirname=d>x</textarea>", [("a", "x"), ("d", "rtl")]),
        ("<input type=file name=a>", [("a", "")]),
        ("<input type=hidden name=_charset_ value=x>", [("_charset_", "UTF-8")]),
        ("<template><input name=a></template>", []),
    ],
)  # fmt: skip
def test_successful_controls(inside: str, sends: list[tuple[str, ...]]):
    assert said(f"<form>{inside}</form>") == sends


def test_kinds_that_are_not_texts():
    file, button = read(
        "<form><input type=file name=a><button name=b formaction=/x>y</button></form>"
    ).controls
    assert (file.is_file, file.button) == (True, None)
    assert (button.values, dict(button.button or {})) == ((), {"name": "b", "formaction": "/x"})


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("<input name=a form=f><form id=f><input name=b></form><input name=c>", "a b"),
        ("<form id=f><input name=a form=g></form><form id=g></form>", ""),
        ("<form id=f><input name=a form></form>", ""),
        ("<form><input name=a form=f></form><p id=f>", ""),
        ("<p id=f></p><form id=f><input name=a form=f><input name=b></form>", "b"),
        ("<table><form><tr><td><input name=a></table><input name=b>", "a"),
        ("<table><form id=f></form><tr><form id=g><td><input name=a></table>", ""),
        ("<form><input name=a></form><form><input name=b></form>", "a"),
        ("<table><form></form><tr><td><form><input name=a></form></table>", ""),
    ],
)
def test_who_owns_a_control(body: str, names: str):
    assert " ".join(name for name, *_ in said(body)) == names


def test_form_that_a_table_has_no_place_for():
    body = "<table><tr><form id=f><td><input name=a></td></form></tr></table>"
    assert said(body, "#f") == [("a", "")]


@pytest.mark.parametrize(
    ("attributes", "of_page", "charset"),
    [
        ("", "windows-1252", "windows-1252"),
        ("accept-charset='nope latin2 utf-8'", "utf-8", "iso-8859-2"),
        ("accept-charset=utf-16", "windows-1252", "utf-8"),
        ("", "utf-16le", "utf-8"),
    ],
)
def test_encoding_of_a_form(attributes: str, of_page: str, charset: str):
    body = f"<form {attributes}><input type=hidden name=_Charset_>"
    form = read(body, charset=of_page)
    assert form.charset == charset
    assert form.controls[0].values[0].lower() == charset


@pytest.mark.parametrize(
    ("form", "button", "where"),
    [
        ("", None, "GET http://a.example/dir/page?q=1"),
        ("action='' method=post", None, "POST http://a.example/dir/page?q=1"),
        ("action=' ../x?y#z ' method=POST", None, "POST http://a.example/x?y"),
        ("action=x method=put", None, "GET http://a.example/dir/x"),
        ("action=x", {"formaction": "/y", "formmethod": "post"}, "POST http://a.example/y"),
        ("action=x method=post", {"name": "b"}, "POST http://a.example/dir/x"),
        ("method=dialog", None, None),
        ("action=x", {"formmethod": "Dialog"}, None),
        ("action=mailto:a@b.example", None, None),
        ("action='javascript:x()'", None, None),
        ("action='http://['", None, None),
        ("action=//b.example", None, "GET http://b.example/"),
    ],
)
def test_where_a_form_goes(form: str, button, where: str | None):
    document = Document(f"<form {form}>".encode(), SOURCE)
    read_ = read_form(document.root.css("form")[0], document)
    found = target(read_, button, document)
    assert (found and f"{found.method} {found.url}") == where


def test_base_is_that_of_the_page_unless_the_action_is_empty():
    for action, url in (("x", "http://b.example/x"), ("", "http://a.example/dir/page?q=1")):
        document = Document(
            f"<base href=http://b.example><form action='{action}'>".encode(), SOURCE
        )
        found = target(read_form(document.root.css("form")[0], document), None, document)
        assert found is not None
        assert found.url == url


@pytest.mark.parametrize(
    ("enctype", "found"),
    [
        ("", "application/x-www-form-urlencoded"),
        ("enctype=nope", "application/x-www-form-urlencoded"),
        ("enctype=Multipart/Form-Data", "multipart/form-data"),
        ("enctype=text/plain", "text/plain"),
    ],
)
def test_enctype(enctype: str, found: str):
    document = Document(f"<form method=post {enctype}>".encode(), SOURCE)
    form = read_form(document.root.css("form")[0], document)
    assert target(form, None, document) == Target("http://a.example/dir/page?q=1", "POST", found)


def test_value_of_an_option():
    document = Document(b"<option value>x</option><option> x <b>y</b></option>", SOURCE)
    assert [option_value(node) for node in document.root.css("option")] == ["", "x y"]


@given(st.binary(max_size=60), st.sampled_from(["", "<form><select name=a>", "<table><form id=a>"]))
def test_any_bytes_are_a_form_or_none(body: bytes, before: str):
    document = Document(before.encode() + body, SOURCE)
    for node in document.root.css("form"):
        form = read_form(node, document)
        assert all(control.name for control in form.controls)
        found = target(form, None, document)
        assert found is None or found.url.startswith("http://")
