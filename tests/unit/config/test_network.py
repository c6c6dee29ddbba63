# ruff: noqa: E501  # messages stand here as they are
"""Proxies and certificates: what is read, what is refused, and what is shown of it."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.config import Loaded, explain, load
from scraper.config.proxies import from_environment, read
from scraper.core.errors import ConfigError
from scraper.core.plan import Proxy, ProxyPlan

TLS = Path(__file__).parents[2] / "integration" / "tls"
S = "seeds: {urls: [http://a.example/]}\n"


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("self-signed", "client", "passphrase"):
        shutil.copy(TLS / f"{name}.pem", f"{name}.pem")
    whole = (TLS / "client.pem").read_text()
    at = whole.index("-----BEGIN CERTIFICATE")
    Path("key.pem").write_text(whole[:at])
    Path("cert.pem").write_text(whole[at:])
    Path("nonsense.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")


def loaded(text: str, **env: str) -> Loaded:
    Path("c.yaml").write_text(S + text, encoding="utf-8")
    return load("c.yaml", env=env)


def refused(text: str, **env: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, **env)
    return [line.removeprefix("c.yaml:") for line in str(caught.value).splitlines()]


BROKEN = [
    ("proxies: []", "2:18: fetch.proxies: must be a list of proxies or environment, got a list"),
    ("proxies: enviroment", '2:18: fetch.proxies: must be a list of proxies or environment, got enviroment; did you mean "environment"?'),
    ("proxies: 'http://p:1'", "2:18: fetch.proxies: must be a list of proxies or environment, got 'http://p:1': write it in [ ]"),
    ("proxies: 'http://u:sesame@p:1'", "2:18: fetch.proxies: must be a list of proxies or environment, got 'http://***@p:1': write it in [ ]"),
    ("proxies: ['p:3128']", "2:19: fetch.proxies[1]: p:3128 is no proxy: write http://host:port, https://, socks5:// or socks5h://"),
    ("proxies: ['http://p:1', 'socks4://u:sesame@p']", "2:33: fetch.proxies[2]: 'socks4://***@p' is no proxy that is spoken to: write http://host:port, https://, socks5:// or socks5h://"),
    ("proxies: ['http://p/x']", "2:19: fetch.proxies[1]: 'http://p/x' is no proxy: write http://host:port, https://, socks5:// or socks5h://"),
    ("proxies: ['http://p:0']", "2:19: fetch.proxies[1]: 'http://p:0' has no host and port: write host:port, [address]:port for IPv6"),
    ("proxies: ['http://::1']", "2:19: fetch.proxies[1]: 'http://::1' has no host and port: write host:port, [address]:port for IPv6"),
    ("proxies: ['http://a b:1']", "2:19: fetch.proxies[1]: 'http://a b:1' has no host that can be one"),
    ("proxies: ['http://:sesame@p']", "2:19: fetch.proxies[1]: 'http://***@p' has a password without a user"),
    ("proxies: ['http://a%3Ab:sesame@p']", "2:19: fetch.proxies[1]: 'http://***@p' has a colon in the name of its user, which HTTP cannot send"),
    ("proxies: ['http://a:sesame%E2%82%AC@p']", "2:19: fetch.proxies[1]: 'http://***@p' has a user or password that HTTP cannot send"),
    ("proxies: ['socks5://a@p']", "2:19: fetch.proxies[1]: 'socks5://***@p' needs a user and a password of 1 to 255 bytes each"),
    ("proxies: ['http://p', 'http://P:80/']", "2:31: fetch.proxies[2]: 'http://P:80/' is given twice: keep one"),
    ("proxies: [{url: p}]", "2:18: fetch.proxies: must be a text, got a mapping: put quotes around a text that begins with {"),
    ("ca_file: no.pem", "2:18: fetch.ca_file: no.pem cannot be read: No such file or directory"),
    ("ca_file: .", "2:18: fetch.ca_file: . cannot be read: Is a directory"),
    ("ca_file: key.pem", "2:18: fetch.ca_file: key.pem holds no certificates in PEM"),
    ("ca_file: nonsense.pem", "2:18: fetch.ca_file: nonsense.pem holds no certificates in PEM"),
    ("client_cert: no.pem", "2:22: fetch.client_cert: no.pem cannot be read: No such file or directory"),
    ("client_cert: cert.pem", "2:22: fetch.client_cert: no certificate with its key in cert.pem, in PEM"),
    ("client_cert: {cert: cert.pem, key: no.pem}", "2:22: fetch.client_cert: no.pem cannot be read: No such file or directory"),
    ("client_cert: {cert: self-signed.pem, key: key.pem}", "2:22: fetch.client_cert: the key is not that of the certificate"),
    ("client_cert: {cert: cert.pem, key: nonsense.pem}", "2:22: fetch.client_cert: no certificate with its key in cert.pem and nonsense.pem, in PEM"),
    ("client_cert: passphrase.pem", "2:22: fetch.client_cert: the key has a passphrase: write it without one"),
    ("client_cert: {key: key.pem}", "2:9: fetch.client_cert.cert: is missing: give it"),
    ("client_cert: {cert: cert.pem, kye: key.pem}", '2:39: fetch.client_cert.kye: unknown key; did you mean "key"?'),
    ("client_cert: []", "2:22: fetch.client_cert: must be a mapping (key: value), got a list"),
    ("headers: {Proxy-Authorization: x}", "2:19: fetch.headers.Proxy-Authorization: would be sent to servers: write the user and password into a URL of fetch.proxies"),
    ("headers: {Proxy-Connection: x}", "2:19: fetch.headers.Proxy-Connection: is set by the crawler: take it out"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "message"), BROKEN)
def test_mistake_is_told_with_its_place_and_without_a_password(written: str, message: str) -> None:
    assert refused(f"fetch: {{{written}}}\n") == [message]


def test_a_secret_for_all_hosts_is_refused_where_a_crawl_may_go_to_any() -> None:
    headers = "fetch: {headers: {X-Api-Key: x, Accept-Language: en}}\n"
    assert refused(headers + "scope: {hosts: any}\n") == [
        (
            "2:19: fetch.headers.X-Api-Key: would be sent to any host, as scope.hosts says: write it"
            " into a request's headers, or list the hosts"
        )
    ]
    (warning,) = (w for w in loaded(headers).warnings if "headers" in w)
    told = ": is sent to every host that the config names"
    assert warning.endswith(f"fetch.headers.X-Api-Key{told}")


def test_what_comes_from_the_environment_is_a_secret_whatever_its_name() -> None:
    headers = 'fetch: {headers: {X-Site: "${PASS}", Accept-Language: en}}\n'
    made = loaded(headers, PASS="sesame")
    assert made.plan.fetch.secret_headers == {"x-site"}
    assert any("fetch.headers.X-Site: is sent to every host" in text for text in made.warnings)
    (error,) = refused(headers + "scope: {hosts: any}\n", PASS="sesame")
    assert "X-Site: the value of ${PASS} may be a secret, and would be sent to any host" in error
    assert "sesame" not in error


def test_a_language_from_the_environment_is_no_secret() -> None:
    headers = 'fetch: {headers: {Accept-Language: "${WANTED:-en}"}}\nscope: {hosts: any}\n'
    made = loaded(headers, WANTED="de")
    assert made.plan.fetch.secret_headers == set()
    assert not any("fetch.headers" in text for text in made.warnings)


def test_ca_file_without_verification_is_said() -> None:
    written = "fetch: {ca_file: self-signed.pem, verify_tls: false}\n"
    assert any("fetch.ca_file: is not looked at" in w for w in loaded(written).warnings)


@pytest.mark.parametrize(
    ("written", "proxy"),
    [
        ("http://p", Proxy("http", "p", 80)),
        ("HTTPS://P.example/", Proxy("https", "p.example", 443)),
        ("socks5://10.0.0.1", Proxy("socks5", "10.0.0.1", 1080)),
        ("socks5h://[::1]:9050", Proxy("socks5h", "[::1]", 9050)),
        ("http://u:p%40ss%3A@p:3128", Proxy("http", "p", 3128, "u", "p@ss:")),
        ("http://u:a@b:c@p:1", Proxy("http", "p", 1, "u", "a@b:c")),
        ("http://u@p:1", Proxy("http", "p", 1, "u", "")),
        ("http://b\u00fccher.example:1", Proxy("http", "xn--bcher-kva.example", 1)),
    ],
)
def test_proxy_is_read(written: str, proxy: Proxy) -> None:
    assert read(written) == proxy
    plan = loaded(f"fetch: {{proxies: ['{written}']}}\n").plan.fetch.proxies
    assert plan == ProxyPlan(http=(proxy,), https=(proxy,))


@given(st.one_of(st.text(), st.text().map(lambda text: f"http://{text}")))
def test_whatever_is_written_is_a_proxy_or_refused(written: str) -> None:
    try:
        proxy = read(written)
    except ValueError:
        return
    assert 0 < proxy.port < 65536
    assert proxy.host


def test_environment_is_read_lower_case_first() -> None:
    env = {
        "HTTP_PROXY": "http://upper:1", "http_proxy": "lower:2", "ALL_PROXY": "socks5h://all",
        "NO_PROXY": "localhost, .corp.example 10.0.0.0/8",
    }  # fmt: skip
    assert from_environment(env) == ProxyPlan(
        http=(Proxy("http", "lower", 2),),
        https=(Proxy("socks5h", "all", 1080),),
        bypass=("localhost", ".corp.example", "10.0.0.0/8"),
    )
    assert from_environment({"http_proxy": " ", "HTTPS_PROXY": ""}) == ProxyPlan(bypass=("",))
    assert loaded("fetch: {proxies: environment}\n", **env).plan.fetch.proxies == from_environment(
        env
    )
    assert loaded("fetch: {}\n", **env).plan.fetch.proxies == ProxyPlan()


def test_what_is_wrong_in_the_environment_is_told_without_its_value() -> None:
    env = {"https_proxy": "ftp://u:sesame@p:1"}
    assert refused("fetch: {proxies: environment}\n", **env) == [
        (
            "2:18: fetch.proxies: the environment variable HTTPS_PROXY is no proxy that is spoken to:"
            " write http://host:port, https://, socks5:// or socks5h://"
        )
    ]


def test_passwords_of_proxies_are_secrets_and_are_not_shown() -> None:
    made = loaded(
        "fetch: {proxies: ['http://u:sesame%21@p:1', '${P}', 'http://x:${W}@q:2']}\n",
        P="socks5://who:mallow9@h", W="marsh7",
    )  # fmt: skip
    assert {"sesame!", "sesame%21", "mallow9", "marsh7"} <= made.secrets
    said = explain(made)
    assert "goes through http://p:1, ${P} and http://x:${W}@q:2" in said
    assert not any(word in said + repr(made.plan) for word in ("sesame", "mallow", "marsh"))


def test_environment_is_explained() -> None:
    said = explain(loaded("fetch: {proxies: environment}\n", http_proxy="http://u:sesame@p:1"))
    assert "goes to http pages through http://p:1" in said
    assert "goes to https pages directly" in said
    assert "sesame" not in said


def test_certificates_reach_the_plan() -> None:
    plan = loaded("fetch: {ca_file: self-signed.pem, client_cert: client.pem}\n").plan.fetch
    assert (plan.ca_file, plan.client_cert) == ("self-signed.pem", ("client.pem", None))
    pair = "fetch: {client_cert: {cert: cert.pem, key: key.pem}}\n"
    assert loaded(pair).plan.fetch.client_cert == ("cert.pem", "key.pem")
