"""Who may go on where, how often, and how much, as the server sees it."""

import html
import logging
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from logging.handlers import QueueHandler
from pathlib import Path
from urllib.parse import unquote_plus

import httpx2 as httpx
import pytest
from starlette.requests import Request

from assistant.errors import LibraryError, QuestionError
from assistant.library import Library, Users
from assistant.settings import Settings
from assistant.ui.hardening import Reach
from assistant.workspace import Workspace
from tests.fakes import HashingEmbedder, ScriptedModel
from tests.page_server import page_served

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Serving:
    url: str
    workspace: Workspace
    model: ScriptedModel

    @contextmanager
    def browser(self, name: str = "") -> Iterator[httpx.Client]:
        """Open a client, logged in where a name is given."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            if name:
                answer = client.post("login", data={"name": name, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
            yield client


Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_in_memory: None) -> Iterator[Serve]:
    model = ScriptedModel()
    monkeypatch.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(Workspace, "_load_language_model", lambda _: model)

    def begun(*names: str, reach: Reach | None = None, **chosen: int) -> Serving:
        workspace = running.enter_context(Workspace(Settings(library=tmp_path / "library", models=tmp_path, **chosen)))
        for name in names:
            Users(workspace.library).add(name, PASSWORD)
        return Serving(running.enter_context(page_served(workspace, reach)), workspace, model)

    with ExitStack() as running:
        yield begun


def asked(client: httpx.Client, path: str = "gradio_api/call/ask") -> httpx.Response:
    return client.post(path, json={"data": ["How many papers are there?"]})


@pytest.mark.parametrize("names", [(), ("ada",)])
def test_the_containers_health_check_finds_the_page_well(serve: Serve, names: tuple[str, ...]) -> None:
    dockerfile = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")
    (check,) = re.findall(r"HEALTHCHECK(?:.*\\\n)?\s+CMD \[\"python\", \"-c\", \"(.*)\"\]", dockerfile)
    serving = serve(*names)

    def outcome(port: str) -> int:
        return subprocess.run([sys.executable, "-c", check.replace("7860", port)], capture_output=True).returncode

    assert outcome(str(httpx.URL(serving.url).port)) == 0
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        assert outcome(str(unused.getsockname()[1])) != 0


def test_without_users_nobody_logs_in_and_nothing_is_counted(serve: Serve) -> None:
    with serve(calls_per_minute=1).browser() as client:
        assert client.get("").status_code == client.get("status").status_code == 200
        assert [asked(client).status_code for _ in range(3)] == [200, 200, 200]
        assert client.get("login").headers["location"] == "/"


def test_a_user_who_is_added_while_the_page_is_served_closes_it_to_others(serve: Serve) -> None:
    serving = serve()
    with serving.browser() as client:
        assert client.get("status").status_code == 200
        other = Library(serving.workspace.library.folder)  # as `assistant users add` opens it
        Users(other).add("ada", PASSWORD)
        assert client.get("status").status_code == 303
        Users(other).remove("ada")
        assert client.get("status").status_code == 200
        other.close()


def test_with_users_everything_but_the_login_asks_for_a_session(serve: Serve) -> None:
    with serve("ada").browser() as client:
        for path in ("", "papers?author=A+B", "status", "downloads/" + "0" * 32 + "/a.bib", "add"):
            answer = client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
        assert client.get("papers?author=A+B").headers["location"] == "/login?next=%2Fpapers%3Fauthor%3DA%2BB"
        onward = client.get("author/A%3FB%25+%C3%96?page=2").headers["location"].removeprefix("/login?next=")
        answer = client.post("login", data={"name": "ada", "password": PASSWORD, "next": unquote_plus(onward)})
        assert answer.headers["location"] == "/author/A%3FB%25%2B%C3%96?page=2"
        client.post("logout")
        for path in ("gradio_api/info", "config", "gradio_api/call/ask/x", "gradio_api/queue/data?session_hash=x"):
            assert client.get(path).status_code == 401
        assert asked(client).status_code == client.post("gradio_api/upload", content=b"x").status_code == 401
        assert client.post("logout").headers["location"] == "/login"
        assert client.get("login").status_code == client.get("static/style.css").status_code == 200
        missing = client.get("static/missing.css")
        assert missing.status_code == 404
        assert "paper" not in re.sub(r"<a [^>]*>", "", missing.text.split("<main")[0].split("<body")[1])
        assert client.get("login/more").status_code == 303


def test_a_user_logs_in_goes_on_where_it_was_meant_and_logs_out(serve: Serve) -> None:
    serving = serve("ada")
    with serving.browser() as client:
        answer = client.post("login", data={"name": "ada", "password": PASSWORD, "next": "/papers?q=x"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/papers?q=x")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie
        page = client.get("status").text
        assert "logged in as ada" in page
        assert asked(client).status_code == 200
        assert client.get("login").headers["location"] == "/"
        stolen = dict(client.cookies)
        client.post("logout")
        assert client.get("status").status_code == 303
    with httpx.Client(base_url=serving.url, cookies=stolen, trust_env=False, timeout=60) as client:
        assert client.get("status").status_code == 303


def test_the_wrong_password_is_said_as_the_wrong_name_is_and_tries_run_out(serve: Serve) -> None:
    serving = serve("ada")
    with serving.browser() as client:
        wrong = {"password": "wrong horse battery"}
        said = [client.post("login", data={"name": name, **wrong}) for name in ("ada", "eve")]
        assert ["is not right" in answer.text for answer in said] == [True, True]
        assert [answer.status_code for answer in said] == [403, 403]
        assert not any(answer.headers.get("set-cookie") for answer in said)
        assert said[0].text.replace("ada", "eve") == said[1].text
        answers = [client.post("login", data={"name": "ada", **wrong}) for _ in range(4)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "Go on in" in answers[-1].text
        assert client.post("login", data={"name": "ada", "password": PASSWORD}).status_code == 429
        assert client.post("login", content=b"x" * 10_000).status_code == 413


def test_who_has_an_account_cannot_try_the_passwords_of_others_without_end(serve: Serve) -> None:
    with serve("ada", "bob").browser() as client:
        tried = []
        for number in range(6):
            tried.append(client.post("login", data={"name": f"eve{number}", "password": "wrong"}).status_code)
            own = client.post("login", data={"name": "ada", "password": PASSWORD}).status_code
            client.post("logout")
        assert (tried[-1], own) == (429, 429)
        assert 429 not in tried[:5]


def test_a_link_from_another_site_finds_the_session_that_the_browser_held_back(serve: Serve) -> None:
    with serve("ada").browser() as client:
        answer = client.get("papers?q=a", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert 'content="0; url=/login?next=%2Fpapers%3Fq%3Da"' in answer.text


def test_calls_and_uploads_have_limits_that_say_when_to_go_on(serve: Serve) -> None:
    serving = serve("ada", "bob", calls_per_minute=2, upload_per_day=1)
    with serving.browser("ada") as ada, serving.browser("bob") as bob:
        assert [asked(ada).status_code for _ in range(3)] == [200, 200, 429]
        refused = asked(ada)
        assert "2 requests a minute" in refused.json()["detail"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        turn = {"data": {"question": "How many papers?"}, "headers": {"Accept": "application/json"}}
        assert "2 requests a minute" in ada.post("turns", **turn).json()["detail"]
        assert ada.post("gradio_api/queue/join", json={"data": [], "fn_index": 0}).status_code == 429
        assert asked(ada, "gradio_api/call/status").status_code == 200
        assert asked(bob).status_code == 200
        half = {"files": ("a.bib", b"x" * 600_000)}
        assert bob.post("gradio_api/upload", files=half).status_code == 200
        answer = bob.post("gradio_api/upload", files=half)
        assert answer.status_code == 429
        assert "1 MB a day" in answer.json()["detail"]
        page = bob.post("status/look", content=b"x" * 600_000)
        assert page.status_code == 429
        assert "<h1>" in page.text
        unsaid = bob.post("gradio_api/upload", content=iter([b"x"]))
        assert unsaid.status_code == 411


def test_only_administrators_choose_models_and_see_users(serve: Serve) -> None:
    serving = serve("ada", "bob")
    with serving.browser("ada") as ada, serving.browser("bob") as bob:
        assert "bob" in ada.get("status").text
        assert "ada" not in bob.get("status").text
        for path in ("status/model", "status/reading"):
            assert bob.post(path, data={"read_ahead": ""}).status_code == 403
        assert serving.workspace.settings.read_ahead
        assert ada.post("status/reading", data={"read_ahead": ""}).status_code == 303
        assert not serving.workspace.settings.read_ahead


def test_nobody_reaches_the_conversations_of_another_user(serve: Serve) -> None:
    with (serving := serve("ada", "bob")).browser("ada") as ada, serving.browser("bob") as bob:
        asked_for = ada.post("turns", data={"question": "How many secret papers are there?"}, headers=AS_SCRIPT).json()
        turn, talk = f"turns/{asked_for['turn']}", f"conversations/{asked_for['conversation']}"

        def watched(client: httpx.Client) -> str:
            event = client.post("gradio_api/call/watch", json={"data": [asked_for["turn"]]}).json()["event_id"]
            return client.get(f"gradio_api/call/watch/{event}").text

        assert '"is_over": true' in watched(ada)
        ada.post(f"{turn}/rate", data={"rating": "1"})
        paths = (
            talk,
            f"{talk}/files/conversation.md",
            f"{talk}/files/conversation.zip",
            *(f"{turn}/files/{name}" for name in ("answer.zip", "sources.bib", "sources.ris")),
        )
        assert ada.get(talk).status_code == ada.get(f"{turn}/files/answer.zip").status_code == 200
        before = [ada.get(path).text for path in (talk, f"{talk}/files/conversation.md")]
        assert "secret" not in watched(bob)
        assert "is_over" not in watched(bob)
        assert [bob.get(path).status_code for path in paths] == [404] * 3 + [400] * 3
        for path in ("", "?q=secret", f"?removed={asked_for['conversation']}", "conversations/rated/questions.jsonl"):
            answer = bob.get(path)
            assert answer.status_code == 200
            assert "How many secret" not in answer.text, path
        for path, form in (
            (f"{turn}/stop", {}),
            (f"{turn}/show", {}),
            (f"{turn}/rate", {"rating": "-1"}),
            (f"{talk}/rename", {"title": "Mine"}),
            (f"{talk}/remove", {}),
            (f"{talk}/restore", {}),
            ("turns", {"question": "And why?", "conversation": asked_for["conversation"]}),
            ("turns", {"question": "And why?", "after": asked_for["turn"]}),
            ("turns", {"question": "And why?", "replaces": asked_for["turn"]}),
        ):
            answer = bob.post(path, data=form, follow_redirects=True)
            assert answer.status_code in (400, 404), path
            assert "secret" not in answer.text, path
        assert [ada.get(path).text for path in (talk, f"{talk}/files/conversation.md")] == before


def test_a_call_knows_who_makes_it(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    import gradio as gr

    from assistant.ui.site import asked_by, caller
    from assistant.ui.views import status

    seen: list[str] = []

    def watched(request: gr.Request) -> Request:
        seen.append(caller(request))
        return asked_by(request)

    monkeypatch.setattr(status, "asked_by", watched)
    with serve("ada").browser("ada") as client:
        event = asked(client, "gradio_api/call/status").json()["event_id"]
        assert "complete" in client.get(f"gradio_api/call/status/{event}").text
    assert seen == ["ada"]


AS_SCRIPT = {"Accept": "application/json"}


def test_errors_are_said_in_a_page_with_a_way_back_and_to_scripts_as_json(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(error: Exception, of: type = Workspace, what: str = "model_states") -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(of, what, fail)

    serving = serve("ada", "bob")
    folder = str(serving.workspace.library.folder)
    with serving.browser("ada") as ada, serving.browser("bob") as bob:

        def said(status: int, client: httpx.Client = bob, path: str = "status", method: str = "GET") -> str:
            page = client.request(method, path)
            assert page.status_code == status
            assert 'href="/">Back' in page.text
            answer = client.request(method, path, headers=AS_SCRIPT)
            assert answer.status_code == status
            words = answer.json()["error"]
            assert words in html.unescape(page.text)
            return str(words)

        failing(QuestionError("Too long."))
        assert said(400) == "Too long."
        failing(LibraryError(f"The file {folder}/library.sqlite3 is away."))
        assert said(500) == "The file …/library.sqlite3 is away."
        assert folder in said(500, ada)
        failing(ValueError(f"secret of {folder}"))
        assert "error that it does not know" in said(500, ada)
        assert "secret" not in said(500, ada)
        assert "rating" in said(400, path="turns/x/rate", method="POST")
        assert "“none”" in said(404, path="paper/none")
        for path in ("papers/no/such/view", "static/missing.css"):
            assert said(404, path=path) == "There is nothing at this address."
        assert "no longer available" in said(404, path=f"downloads/{'0' * 32}/a.bib")
        assert bob.get("gradio_api/call/ask/missing/more").status_code == 404
        assert "detail" in bob.post("gradio_api/call/missing", json={"data": []}).json()
        failing(LibraryError("The file is away."), Library, "count")
        assert bob.get("papers/no/such/view").text == "There is nothing at this address."
        failing(LibraryError(f"The file {folder} is away."), Users, "of_session")
        for headers in ({}, AS_SCRIPT):
            answer = ada.get("papers", headers=headers)
            assert answer.status_code == 500
            assert "The library cannot be read" in answer.text
            assert folder not in answer.text


def test_an_error_that_nobody_foresaw_is_logged(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "model_states", lambda _: dict[str, str]()["secret"])
    logged: queue.Queue[logging.LogRecord] = queue.Queue()
    with serve().browser() as client:
        handler = QueueHandler(logged)
        logging.getLogger("uvicorn.error").addHandler(handler)
        assert client.get("status").status_code == 500
        assert "KeyError: 'secret'" in logged.get(timeout=20).getMessage()
        logging.getLogger("uvicorn.error").removeHandler(handler)


@contextmanager
def proxy(target: str, prefix: str, strips: bool, says: dict[str, str]) -> Iterator[str]:
    """Pass requests on, as a reverse proxy with this prefix does: it takes the prefix away or leaves it."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Proxy(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            path = self.path.removeprefix(prefix) if strips else self.path
            length = int(self.headers.get("content-length") or 0)
            sent = {name: value for name, value in self.headers.items() if name.lower() != "connection"} | says
            with httpx.Client(trust_env=False, timeout=60) as client:
                body = self.rfile.read(length) if length else None
                answer = client.request(self.command, target + (path or "/"), headers=sent, content=body)
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() not in ("transfer-encoding", "content-length", "content-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_address[1]}{prefix}/"
    served.shutdown()
    served.server_close()


@pytest.mark.parametrize("strips", [True, False])
def test_behind_a_proxy_with_a_prefix_links_cookies_and_calls_work(serve: Serve, strips: bool) -> None:
    reach = Reach(root_path="/x", allowed_hosts=("papers.example.org",), trusted_proxies=("127.0.0.1",))
    port = serve("ada", reach=reach).url.split(":")[2].split("/")[0]
    says = {"Host": "papers.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
    own = {"Origin": "https://papers.example.org"}
    with (
        proxy(f"http://127.0.0.1:{port}", "/x", strips, says) as url,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        assert client.get(f"{url}papers").headers["location"] == "/x/login?next=%2Fpapers"
        form = {"name": "ada", "password": PASSWORD, "next": "/papers"}
        answer = client.post(f"{url}login", data=form, headers=own)
        assert answer.headers["location"] == "/x/papers"
        cookie = answer.headers["set-cookie"]
        assert "Secure" in cookie
        assert "Path=/x" in cookie
        logged_in = {"Cookie": cookie.split(";")[0]}  # the client itself speaks no HTTPS, so it holds the cookie back
        page = client.get(f"{url}papers", headers=logged_in).text
        assert 'href="/x/static/style.css' in page
        assert 'data-root="/x"' in page
        for view in ("", "papers", "authors", "trends", "add", "duplicates", "collections", "status"):
            answer = client.get(f"{url}{view}", headers=logged_in)
            assert answer.status_code == 200, view
            assert re.findall(r'(?:href|src|action)="/(?!x/)[^"]*"', answer.text) == [], view
        assert client.get(f"{url}static/style.css").status_code == 200
        event = client.post(f"{url}gradio_api/call/status", json={"data": []}, headers=logged_in | own).json()[
            "event_id"
        ]
        assert "complete" in client.get(f"{url}gradio_api/call/status/{event}", headers=logged_in).text
        foreign = {"Origin": "https://evil.example"}
        assert client.post(f"{url}login", data=form, headers=foreign).status_code == 403


def test_links_to_files_have_the_prefix_of_the_page(serve: Serve, tmp_path: Path) -> None:
    serving = serve(reach=Reach(root_path="/x"))
    (tmp_path / "papers.bib").write_text(
        "@article{a, title={A Loom}, author={Ada Byron}, year={1843}, abstract={Cards.}}"
    )
    serving.workspace.add([tmp_path / "papers.bib"])
    with serving.browser() as client:
        event = client.post("gradio_api/call/trend_files", json={"data": [""]}).json()["event_id"]
        made = client.get(f"gradio_api/call/trend_files/{event}").text
        links = re.findall(r'href=\\"([^"]*)\\"', made)
        assert [link.rpartition("/")[2] for link in links] == ["trends.html", "trends.png", "trends.json"], made
        for link in links:
            assert link.startswith("/x/downloads/")
            answer = client.get(serving.url.removesuffix("/x/") + link)
            assert answer.status_code == 200
            assert answer.headers["content-disposition"].startswith("attachment")
        assert client.get(f"downloads/{'0' * 32}/trends.json").status_code == 404


def test_only_a_proxy_that_was_named_is_believed(serve: Serve) -> None:
    with serve("ada").browser() as client:
        says = {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "X-Gradio-Server": "http://evil.example",
        }
        answer = client.post("login", data={"name": "ada", "password": PASSWORD}, headers=says)
        assert "secure" not in answer.headers["set-cookie"].lower()
        assert "evil.example" not in client.get("config", headers=says).text
