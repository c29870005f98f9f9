"""From where the page is reached: which hosts, origins and prefixes are its own."""

import pytest
from starlette.datastructures import Headers

from assistant.errors import UsageError
from assistant.ui.hardening import Reach

LOCAL = Reach()
BOUND = Reach("192.0.2.7")
ANYWHERE = Reach("0.0.0.0")
PROXIED = Reach(allowed_hosts=("papers.example.org", "other.example:8443"), trusted_proxies=("127.0.0.1",))


@pytest.mark.parametrize(
    ("reach", "host", "origin", "is_own"),
    [
        (LOCAL, "127.0.0.1:7860", None, True),
        (LOCAL, "localhost:7860", "http://localhost:7860", True),
        (LOCAL, "[::1]:7860", "http://[::1]:7860", True),
        (LOCAL, "evil.example", None, False),
        (LOCAL, "192.0.2.7", None, False),
        (LOCAL, "", None, False),
        (LOCAL, "[", None, False),
        (LOCAL, "127.0.0.1:7860", "http://127.0.0.1:9999", False),
        (LOCAL, "127.0.0.1:7860", "http://evil.example", False),
        (LOCAL, "127.0.0.1:7860", "null", False),
        (LOCAL, "127.0.0.1:7860", "http://[", False),
        (BOUND, "192.0.2.7:7860", "http://192.0.2.7:7860", True),
        (BOUND, "192.0.2.8:7860", None, False),
        (BOUND, "rebound.example:7860", None, False),
        (ANYWHERE, "192.0.2.7:7860", "http://192.0.2.7:7860", True),
        (ANYWHERE, "rebound.example:7860", None, False),
        (PROXIED, "papers.example.org", "https://papers.example.org", True),
        (PROXIED, "Papers.Example.ORG", "https://papers.example.org", True),
        (PROXIED, "127.0.0.1:7860", "https://papers.example.org", True),
        (PROXIED, "other.example:8443", "https://other.example:8443", True),
        (PROXIED, "papers.example.org", "https://papers.example.org:81", False),
        (PROXIED, "papers.example.org", "https://evil.example", False),
        (PROXIED, "evil.example", "https://papers.example.org", False),
    ],
)
def test_only_the_page_s_own_hosts_and_origins_are_answered(
    reach: Reach, host: str, origin: str | None, is_own: bool
) -> None:
    headers = Headers({"host": host, **({"origin": origin} if origin else {})})
    assert reach.is_own(headers) is is_own


@pytest.mark.parametrize("reach", [BOUND, ANYWHERE, PROXIED, Reach("::"), Reach(trusted_proxies=("10.0.0.1",))])
def test_beyond_this_machine_users_are_demanded_with_words_that_say_what_to_do(reach: Reach) -> None:
    with pytest.raises(UsageError, match="assistant users add"):
        reach.check(has_users=False)
    reach.check(has_users=True)


def test_this_machine_alone_needs_no_users() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "::1"):
        Reach(host).check(has_users=False)


@pytest.mark.parametrize("prefix", ["x", "/", "/x/", "//x", "/papers", "/login", "/config", "/a b", "/x?y", '/"><b>'])
def test_a_prefix_that_cannot_be_one_is_refused(prefix: str) -> None:
    with pytest.raises(UsageError, match="root-path"):
        Reach(root_path=prefix).check(has_users=False)


@pytest.mark.parametrize(
    "reach",
    [Reach(allowed_hosts=("https://a.example",)), Reach(allowed_hosts=("",)), Reach(trusted_proxies=("*",))],
)
def test_hosts_and_proxies_that_cannot_be_are_refused(reach: Reach) -> None:
    with pytest.raises(UsageError, match="Give"):
        reach.check(has_users=True)
    Reach(allowed_hosts=("a.example:81", "[::1]:80"), trusted_proxies=("10.0.0.0/8", "::1")).check(has_users=True)


@pytest.mark.parametrize(
    ("received", "path"),
    [
        ("/papers", "/x/papers"),
        ("/x/papers", "/x/papers"),
        ("/x", "/x/"),
        ("/x/", "/x/"),
        ("/", "/x/"),
        ("/xy", "/x/xy"),
    ],
)
def test_a_prefix_stands_before_every_path_whether_the_proxy_keeps_it_or_not(received: str, path: str) -> None:
    placed = Reach(root_path="/x").placed({"type": "http", "path": received})
    assert (placed["path"], placed["root_path"]) == (path, "/x")
    assert Reach().placed({"type": "http", "path": received}) == {"type": "http", "path": received}
