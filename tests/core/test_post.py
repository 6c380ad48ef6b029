"""Posting to a service: its address is kept apart from the credentials in it."""

from __future__ import annotations

import http.server
import threading

import pytest

from gongdao.core.post import Address, NoAnswer, Why, post


def test_credentials_go_into_a_header():
    """``user:password@`` becomes basic authentication; nothing of it is shown."""
    address = Address.parse("https://me:p%40ss@node.example:8545/rpc?x=1#y")
    assert address.url == "https://node.example:8545/rpc?x=1"
    assert address.authorization == "Basic bWU6cEBzcw=="
    assert address.host == "node.example:8545" and "p%40ss" not in repr(address)
    assert Address.parse("http://[::1]:8545/").host == "[::1]:8545"


@pytest.mark.parametrize(
    "text", ["ftp://x/", "http://", "node:8545", "http://a b/", "http://x:0/", "http://[::1/", ""]
)
def test_what_is_no_address_is_refused(text):
    """The refusal does not repeat what was given."""
    with pytest.raises(ValueError, match=r"^no .*address$"):
        Address.parse(text)


def test_the_service_gets_them_and_a_redirect_gets_nothing():
    """The header arrives, and only at the service itself."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if self.path == "/good" else 307)
            self.send_header("Location", "/good")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format, *args):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        base = f"http://u:p@127.0.0.1:{server.server_address[1]}"
        asked = {"body": b"x", "headers": {}, "patience_s": 5}
        assert post(address=Address.parse(f"{base}/good"), **asked) == b"ok"
        with pytest.raises(NoAnswer) as caught:
            post(address=Address.parse(f"{base}/moved"), **asked)
        server.shutdown()
    assert (caught.value.why, caught.value.detail) == (Why.FAILED, "HTTP 307")
    assert seen == [("/good", "Basic dTpw"), ("/moved", "Basic dTpw")]
