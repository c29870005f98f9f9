"""HTTP as the services ask for it: a pace for each host, patience with what passes, one sentence for what does not.

Connection errors, timeouts, cut or unreadable answers, 429 and 5xx are tried again, with growing waits and as late as
`Retry-After` asks; other refusals are final. A key goes to the host of its service and into no error, log or cache.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from assistant.errors import NotThere, RemoteError
from assistant.ingestion.remote.cache import Cache, cache_key
from assistant.ingestion.remote.services import Service, Services
from assistant.settings import PROGRAM_VERSION
from assistant.types import Problem, ReaderItem, Record

Result = TypeVar("Result")

_LARGEST = 64_000_000  # bytes of one answer, unpacked
_MOST_REDIRECTS = 5
_TRIES_WITHOUT_NETWORK = 2
"""Who is off the network should hear it at once, not after a minute."""

_AGAIN = "Run the same command again later; what came already is not asked for twice."


class Unusable(ValueError):
    """An answer cannot be what was asked for; the message says what it is instead, in half a sentence."""


class _PassingError(RemoteError):
    """It may work in a moment. `after_s` is how long the service asked to wait, in seconds."""

    def __init__(self, message: str, *, after_s: float = 0.0, reached: bool = True) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.reached = reached


class Client:
    """One HTTP client for all services. Close it, or use it as a context manager."""

    def __init__(self, services: Services) -> None:
        patience = self._patience = services.patience
        self._cache = Cache(services.cache, clock=patience.clock)
        contact = f" (mailto:{services.contact})" if services.contact else ""
        self._user_agent = f"abstract-assistant/{PROGRAM_VERSION}{contact}"
        self._http: httpx2.Client | None = None
        self._filter = _WithoutSecrets(services.openalex_key, services.semantic_scholar_key)
        logging.getLogger("httpx2").addFilter(self._filter)
        growing = wait_exponential_jitter(
            multiplier=patience.first_wait_s, jitter=patience.first_wait_s, max=patience.longest_wait_s
        )

        def has_tried_enough(state: RetryCallState) -> bool:
            tries = patience.attempts if _passing(state).reached else _TRIES_WITHOUT_NETWORK
            return state.attempt_number >= tries

        self._retrying = Retrying(
            retry=retry_if_exception_type(_PassingError),
            wait=lambda state: max(growing(state), _passing(state).after_s),
            stop=has_tried_enough,
            sleep=patience.sleep,
            reraise=True,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Closing twice does no harm."""
        logging.getLogger("httpx2").removeFilter(self._filter)
        if self._http:
            self._http.close()
            self._http = None

    def get(
        self,
        service: Service,
        path: str,
        parameters: Mapping[str, str],
        decode: Callable[[bytes], Result],
        *,
        wanted: str = "paper",
        is_final: Callable[[Result], bool] = lambda _: True,
        posted: object = None,
    ) -> Result:
        """Ask for `path` below the service's address and return the decoded answer, from the cache if it is there.

        What is `posted` goes along as JSON, for a question that is too long for an address.
        `decode` raises Unusable for what it cannot read. Only what `is_final` is stored. Raises NotThere, which says
        that there is no such `wanted`, and RemoteError.
        """
        url = service.url + quote(path, safe="/:;()@!$*'-._~")
        content = b"" if posted is None else json.dumps(posted).encode()
        key = cache_key(url, {**parameters, "posted": content.decode()} if content else parameters)
        stored = self._cache.get(key)
        if stored is not None:
            try:
                return decode(stored)
            except Unusable:
                pass  # stored by a version that read it otherwise: asked for again

        def ask() -> tuple[bytes, Result]:
            with _plain_errors(service):
                body = self._fetch(service, url, parameters, wanted, content)
                return body, decode(body)

        answer: tuple[bytes, Result] = self._retrying(ask)
        body, result = answer
        if is_final(result):
            self._cache.put(key, body)
        return result

    def _fetch(self, service: Service, url: str, parameters: Mapping[str, str], wanted: str, content: bytes) -> bytes:
        """Return the body of the answer at the end of the redirects."""
        http = self._opened()
        home = httpx2.URL(url)
        asked = home.copy_merge_params({**parameters, **service.secret_parameters})
        wait = self._cache.take_turn(home.host, service.interval_s)
        if wait > 0:
            self._patience.sleep(wait)
        for _ in range(_MOST_REDIRECTS + 1):
            headers = dict(service.secret_headers) if asked.host == home.host else {}
            if content:
                headers["Content-Type"] = "application/json"
            request = http.build_request("POST" if content else "GET", asked, headers=headers, content=content or None)
            response = http.send(request, stream=True)
            try:
                if not response.has_redirect_location:
                    self._check(service, response, wanted)
                    return self._body(service, response)
                asked = _redirected(service, home, asked, response.headers["Location"])
            finally:
                response.close()
        raise RemoteError(f"{service.name} sent the request around in a circle. {_AGAIN}")

    def _opened(self) -> httpx2.Client:
        if self._http is None:
            try:
                self._http = httpx2.Client(
                    headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
                    timeout=httpx2.Timeout(self._patience.read_s, connect=self._patience.connect_s),
                    follow_redirects=False,
                )
            except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
                # The cause may show the password of a proxy.
                raise RemoteError(
                    f"The network cannot be used as the environment says ({type(error).__name__}). "
                    "Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE."
                ) from None
        return self._http

    def _check(self, service: Service, response: httpx2.Response, wanted: str) -> None:
        """Raise the error that the status of an answer means: NotThere, _PassingError or RemoteError."""
        status, key = response.status_code, service.key_setting
        if status == 200:
            return
        if status in (404, 410):
            raise NotThere(f"There is no such {wanted} at {service.name}. Check the id.")
        if status in (400, 414, 422):
            raise NotThere(f"{service.name} does not accept the id of this {wanted} (HTTP {status}). Check it.")
        if status != 429 and status < 500:
            hint = f" Check the key in the setting {key}; it is free where there is none yet." if key else ""
            hint = hint if status in (401, 403) else ""
            raise RemoteError(f"{service.name} refused the request (HTTP {status}).{hint}")
        what = f"{'has had too many requests' if status == 429 else 'has a failure'} (HTTP {status})"
        is_keyless = status == 429 and key and not service.has_key
        hint = f" A free key in the setting {key} raises its limits." if is_keyless else ""
        after_s = self._retry_after(response)
        if after_s > self._patience.longest_wait_s:
            wait = f"asks to wait {_span(after_s)}. Run the same command again then"
            raise RemoteError(f"{service.name} {what} and {wait}.{hint}")
        raise _PassingError(f"{service.name} {what}. {_AGAIN}{hint}", after_s=after_s)

    def _retry_after(self, response: httpx2.Response) -> float:
        """Return the seconds that the answer asks to wait, 0 where it does not say."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._patience.clock())
        except (ValueError, OverflowError, OSError):
            return 0.0

    def _body(self, service: Service, response: httpx2.Response) -> bytes:
        start = time.monotonic()
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _LARGEST:
                raise RemoteError(f"{service.name} sent more than {_LARGEST // 1_000_000} MB at once; it was not read.")
            if time.monotonic() - start > self._patience.whole_s:
                raise httpx2.ReadTimeout("the answer came too slowly")
        return bytes(body)


def papers_by_page(
    service: Service,
    file: str,
    page: Callable[[str], tuple[Sequence[Any], str, int]],
    read: Callable[[Mapping[str, Any], str, int], Record | Problem],
    *,
    first: str,
    most: int,
) -> Iterator[ReaderItem]:
    """Yield every paper of an author, whose papers a service lists page by page.

    `page` fetches the page at a place, from `first` on: its entries, the place of the next one ("" after the last) and
    how many papers there are in all (0 where the service does not say). Raises NotThere for an author who is not there,
    and RemoteError where the first page does not come; a later page that does not come ends with a Problem, and so does
    a list of more than `most` papers, or one that leads in a circle.
    """
    place, seen, done, said = first, set[str](), 0, ""
    while place:
        try:
            if place in seen or done >= most:
                hint = "" if service.has_key else f" With a key in the setting {service.key_setting} all of them come."
                raise RemoteError(f"{service.name} gave no more.{hint}")
            entries, following, total = page(place)
        except RemoteError as error:
            if not done:
                raise
            yield Problem(file, done, f"Only {said} papers came. {error}")
            return
        for entry in entries:
            done += 1
            wrong = f"Entry {done} of the answer is not a paper. Run the same command again later."
            yield read(entry, file, done) if isinstance(entry, dict) else Problem(file, done, wrong)
        seen.add(place)
        place = following if entries else ""
        said = f"{done} of {total}" if total else f"the first {done}"
    if not done:
        yield Problem(file, 0, f"{service.name} knows no papers of this author. Check the id.")


def decode_json(body: bytes) -> dict[str, Any]:
    """Return the object that a JSON answer is. Raises Unusable."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        shown = "a web page" if body.lstrip()[:1] == b"<" else "not JSON"
        raise Unusable(f"it is {shown}") from None
    if not isinstance(value, dict):
        raise Unusable("it is not a JSON object")
    return value


def decode_array(length: int) -> Callable[[bytes], list[Any]]:
    """Return what decodes a JSON answer that is an array of so many values, and raises Unusable for another one."""

    def decode(body: bytes) -> list[Any]:
        value = decode_json(b'{"values": %s}' % body)["values"]
        if not isinstance(value, list) or len(value) != length:
            raise Unusable(f"it is not a list of {length}")
        return value

    return decode


def decode_list(name: str) -> Callable[[bytes], dict[str, Any]]:
    """Return what decodes a JSON answer that has a list under a name, and raises Unusable for another one."""

    def decode(body: bytes) -> dict[str, Any]:
        value = decode_json(body)
        if not isinstance(value.get(name), list):
            raise Unusable(f"it holds no list of {name}")
        return value

    return decode


class _WithoutSecrets(logging.Filter):
    """Takes the keys out of what the HTTP library logs: it writes whole addresses."""

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._secrets = [form for secret in secrets if secret for form in (secret, quote(secret), quote_plus(secret))]

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; nothing is held back."""
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, "***")
        record.msg, record.args = message, ()
        return True


@contextmanager
def _plain_errors(service: Service) -> Iterator[None]:
    """Raise what goes wrong with a request as a _PassingError or, where trying again is of no use, a RemoteError."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
        raise _PassingError(_unreachable(service, error), reached=False) from error
    except httpx2.TimeoutException as error:
        raise _PassingError(f"{service.name} did not answer in time. {_AGAIN}") from error
    except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.DecodingError) as error:
        raise _PassingError(f"The answer of {service.name} was cut off. {_AGAIN}") from error
    except Unusable as error:
        raise _PassingError(f"{service.name} sent something that cannot be read: {error}. {_AGAIN}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        raise RemoteError(f"{service.name} could not be asked: check the address of it in the settings.") from error


def _passing(state: RetryCallState) -> _PassingError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _PassingError)  # the only kind that is tried again
    return error


def _redirected(service: Service, home: httpx2.URL, asked: httpx2.URL, location: str) -> httpx2.URL:
    """Return where a redirect leads, with the keys on the service's own host only. Raises RemoteError if unsafe."""
    target = asked.join(location)
    is_plain = target.scheme == "http" and asked.scheme == "http" and target.host == home.host
    if target.scheme != "https" and not is_plain:
        raise RemoteError(f"{service.name} sent the request to an address that is not safe. {_AGAIN}")
    for name, secret in service.secret_parameters.items():
        target = target.copy_remove_param(name)
        if target.host == home.host:
            target = target.copy_set_param(name, secret)
    return target


def _unreachable(service: Service, error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return (
                f"{service.name} could not be reached safely (no encryption, or a certificate that is not trusted). "
                "Check the clock of this machine, and whether a proxy needs its own certificate in SSL_CERT_FILE."
            )
        cause = cause.__cause__ or cause.__context__
    return (
        f"{service.name} could not be reached (no network?). Check the connection and run the same command again; "
        "what is in the library is not affected."
    )


def _span(seconds: float) -> str:
    return f"{max(2, round(seconds / 60))} minutes" if seconds < 5400 else f"{round(seconds / 3600)} hours"
