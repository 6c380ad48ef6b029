"""Servers for tests on 127.0.0.1: honest, slow, endless, lying; each ends with its context."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, bytes], Answer]
"""Method, path and body → status, headers, body."""


@contextmanager
def answering(handler: Handler) -> Iterator[str]:
    """The address of an HTTP server that answers by ``handler``, in threads."""

    class Server(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, headers, body = handler(self.command, self.path, self.rfile.read(length))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    server.handle_error = lambda *_args: None  # type: ignore[method-assign]  # clients may go away
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving(folder: Path, before: Callable[[str], Answer | None] | None = None) -> Iterator[str]:
    """The files of ``folder`` over HTTP; ``before`` may answer a path otherwise."""

    def handler(method: str, path: str, body: bytes) -> Answer:
        special = before(path) if before else None
        if special is not None:
            return special
        file = folder / path.lstrip("/")
        if method != "GET" or not file.is_file():
            return 404, {}, b"nothing here"
        return 200, {"Content-Type": "application/octet-stream"}, file.read_bytes()

    with answering(handler) as url:
        yield url


@contextmanager
def saying(*parts: bytes, pause: float = 0, repeat: bytes = b"") -> Iterator[str]:
    """The address of a server that says ``parts`` to everybody, ``pause`` seconds between them,
    then ``repeat`` again and again, until it is hung up on."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def talk(peer: socket.socket) -> None:
        peer.settimeout(2)
        try:
            peer.recv(65536)
            for part in parts:
                peer.sendall(part)
                time.sleep(pause)
            while repeat and not stop.is_set():
                peer.sendall(repeat)
                time.sleep(pause)
        except OSError:
            pass
        finally:
            peer.close()

    def accept() -> None:
        while not stop.is_set():
            try:
                peer, _place = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=talk, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listener.close()
