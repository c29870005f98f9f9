"""Web server of the page: for this machine only, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import inspect
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.ui.hardening import LARGEST_UPLOAD, Gate, require_loopback, seal_environment

if TYPE_CHECKING:
    import uvicorn

    from assistant.workspace import Workspace


def serve(workspace: Workspace, host: str, port: int, on_ready: Callable[[str], object]) -> None:
    """Serve the page until Ctrl-C; `on_ready` is called with its address once it answers. Port 0 takes any free one.

    Raises UsageError for an address that others could reach, AssistantError when the port is in use.
    """
    with contextlib.suppress(KeyboardInterrupt):
        server(workspace, host, port, on_ready).run()


def server(workspace: Workspace, host: str, port: int, on_ready: Callable[[str], object]) -> uvicorn.Server:
    """Return the page's server, its port taken: `run()` serves until `should_exit` is set. Raises as `serve` does."""
    require_loopback(host)
    uploads = workspace.library.folder.resolve() / "uploads"
    seal_environment(uploads)
    import uvicorn

    listener = _listen(host.strip("[]"), port)
    taken = listener.getsockname()[1]
    address = f"http://[{host.strip('[]')}]:{taken}/" if ":" in host else f"http://{host}:{taken}/"

    class Server(uvicorn.Server):
        """Says when it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=[listener])
            on_ready(address)

    config = uvicorn.Config(
        Gate(application(workspace, uploads)),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return Server(config)


def application(workspace: Workspace, uploads: Path) -> Any:
    """Return the page as an ASGI application, with everything of Gradio's that we do not use turned off."""
    with _without_stubs():
        import gradio as gr
    from fastapi import FastAPI

    from assistant.ui import page
    from assistant.ui.downloads import Downloads

    downloads = Downloads()
    return gr.mount_gradio_app(
        FastAPI(openapi_url=None, routes=[downloads.route]),
        page.build(workspace, uploads, downloads),
        path="/",
        theme=page.theme(),
        css_paths=[Path(__file__).with_name("style.css")],
        footer_links=[],
        run_history=False,
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(Path.cwd()), str(workspace.library.folder.resolve())],
        max_file_size=LARGEST_UPLOAD,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
    )


@contextlib.contextmanager
def _without_stubs() -> Iterator[None]:
    """Keep Gradio from parsing its source to write stubs for editors into its own folder: half the time of its import.

    It writes none for a class that no file defines. Others, such as torch in another thread, go on asking for files.
    """
    find = inspect.getfile

    def getfile(what: Any) -> str:
        if (getattr(what, "__module__", "") or "").startswith("gradio."):
            raise OSError(f"{what} needs no stub.")
        return find(what)

    inspect.getfile = getfile  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = find


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AssistantError(
                f"Port {port} on {host} is in use by another program. Close that, or choose another port with --port."
            ) from error
        raise AssistantError(f"The page cannot listen on {host}, port {port}: {error.strerror}.") from error
