"""Messages through apprise: what is built, where it may go, and how each misbehaviour ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
)
from gongdao.core.errors import InputError
from gongdao.front.worker.messengers import apprise_messenger
from gongdao.front.worker.messengers.address_kinds import ADDRESS_KINDS, check_address
from gongdao.front.worker.messengers.apprise_messenger import (
    AppriseMessenger,
    build_url,
    judge_answer,
    origin_of,
)
from gongdao.front.worker.messengers.wire import Answer, Wire

_LONG_S = 60
"""However busy the machine is."""
KEY = "aBcDeFgHiJkLmNoPqRsTuV"
GOOD = {
    "wecom": {"key": "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"},
    "dingtalk": {"token": "a1" * 32, "secret": "SECc0ffee00c0ffee00c0ffee00"},
    "feishu": {"token": "c0ffee00-1234-4bc4-97a0-0ec2aaaa5aaa"},
    "serverchan": {"token": "SCT12345TAbCdEfGhIjKlMnOp"},
    "bark": {"key": KEY},
    "telegram": {"token": "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr", "chat": "-1001234567"},
}


@dataclass
class Fake:
    """A local server: ``act`` answers each request; ``seen`` are (path, body)."""

    act: Callable[[BaseHTTPRequestHandler], None]
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def host(self) -> str:
        """As the operator's list names it."""
        return f"http://127.0.0.1:{self.port}"

    def messenger(self, limit_s: float = 2) -> AppriseMessenger:
        """A messenger that may speak to this server."""
        return AppriseMessenger(bark_hosts=(self.host,), limit_s=limit_s)


def say(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An action that answers at once."""

    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A running server that takes everything until told otherwise."""
    server = Fake(say(200, b'{"code":200,"message":"success"}'))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            server.seen.append((self.path, self.rfile.read(length)))
            server.act(self)

        do_GET = do_POST

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


def message(kind: str = "bark", **address: str) -> Message:
    """A reminder to a good address."""
    return Message(
        kind, address or GOOD[kind], "公道：提醒", "打开看看：https://a.example/c/x/", "m1"
    )


def test_bark_gets_the_message_once(fake: Fake):
    """One request with title, body, key and an id that stays the same on a second try."""
    receipt = fake.messenger().send(message())
    assert (receipt.channel, receipt.message_id) == ("bark", "m1")
    fake.messenger().send(message())
    assert [path for path, _body in fake.seen] == ["/push", "/push"]
    first, second = (json.loads(body) for _path, body in fake.seen)
    assert first["device_key"] == KEY and first["title"] == "公道：提醒"
    assert first["body"] == "打开看看：https://a.example/c/x/"
    assert first["id"] == second["id"] and "m1" not in first["id"]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (say(500, b"oops"), MessageDelayed),
        (say(503), MessageDelayed),
        (say(429), MessageDelayed),
        (say(400, b'{"code":400,"message":"failed to get device token"}'), MessageRefused),
        (say(404), MessageRefused),
        (say(200, b"<html>welcome</html>"), MessageDelayed),
        (say(200, b""), MessageDelayed),
        (say(200, b"[" * 20000), MessageDelayed),
        (say(200, b'{"code":"200"}'), MessageDelayed),
        (say(200, b'{"code":400}'), MessageRefused),
    ],
)
def test_answers_are_told_apart(fake: Fake, act, error):
    """A wrong key is final; a broken, busy or babbling server is not."""
    fake.act = act
    with pytest.raises(error):
        fake.messenger().send(message())
    assert len(fake.seen) == 1


def test_a_redirect_is_not_followed(fake: Fake):
    """A server that points elsewhere, even to this machine, makes no second request."""
    fake.act = say(307, Location=f"http://127.0.0.1:{fake.port}/inner")
    with pytest.raises(MessageDelayed):
        fake.messenger().send(message())
    assert [path for path, _body in fake.seen] == ["/push"]


def _late(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    over.wait(_LONG_S)
    with suppress(OSError):
        say(200, b'{"code":200}')(handler)


def _drop(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def _drip(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n")
    with suppress(OSError):
        for _count in range(10 * _LONG_S):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            if over.wait(0.1):
                return


@pytest.mark.parametrize("act", [_late, _drop, _drip], ids=["late", "drop", "drip"])
def test_who_waits_is_freed(fake: Fake, act):
    """Silence, a broken line and a byte now and then all end by the limit, as delayed, long before
    the server does."""
    over = threading.Event()
    fake.act = lambda handler: act(handler, over)
    begun = time.monotonic()
    try:
        with pytest.raises(MessageDelayed):
            fake.messenger(limit_s=0.4).send(message())
    finally:
        over.set()
    assert time.monotonic() - begun < _LONG_S - 1


def test_nobody_there(fake: Fake):
    """A refused connection is delayed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(MessageDelayed):
            AppriseMessenger(bark_hosts=(host,), limit_s=1).send(message())


@pytest.mark.parametrize(
    "server",
    [
        "evil.example",
        "http://127.0.0.1:9",
        "https://api.day.app",
        "api.day.app/x",
        "api.day.app@127.0.0.1",
        "api.day.app\r\nHost: x",
        "169.254.169.254",
    ],
)
def test_only_listed_servers(fake: Fake, server):
    """A Bark server that the operator did not list is refused before anything is sent."""
    with pytest.raises(MessageRefused):
        fake.messenger().send(message(key=KEY, server=server))
    assert not fake.seen


def test_the_wire_speaks_to_one_server_only(fake: Fake):
    """Whatever URL a service builds, another origin than the allowed one gets no request."""
    library = apprise_messenger._plugin("bark://x")[1]
    wire = Wire("https://api.day.app", limit_s=1, library=library)
    with pytest.raises(library.ConnectionError):
        wire.post(f"{fake.host}/push", data="{}")
    assert wire.asked == 0 and not fake.seen


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_urls_say_what_was_given(kind):
    """Apprise reads the URL back as these fields, one target, redirects off, the fixed host."""
    fields = check_address(kind, GOOD[kind])
    url = build_url(kind, fields, id="m1")
    plugin, _library = apprise_messenger._plugin(url)
    service = plugin(**plugin.parse_url(url))
    assert service.redirects is False
    shown = service.url(privacy=False)
    for name, value in GOOD[kind].items():
        assert value in shown.replace("%3A", ":"), name
    target = getattr(service, "api_url", None) or service.notify_url
    assert target.startswith(origin_of(kind, fields) + "/")
    assert len(getattr(service, "targets", [1]) or [1]) == 1


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("wecom", {"key": "../../etc"}),
        ("wecom", {"key": "a" * 20 + "@evil.example"}),
        ("dingtalk", {"token": "a1" * 32 + "/13800138000"}),
        ("dingtalk", {"token": "a1" * 32, "secret": "SEC:x@y" * 4}),
        ("feishu", {"token": "https://open.feishu.cn/open-apis/bot/v2/hook/x"}),
        ("feishu", {"token": "c0ffee00-1234-4bc4\n97a0-0ec2aaaa5aaa"}),
        ("serverchan", {"token": "SCT123?redirect=yes"}),
        ("telegram", {"token": GOOD["telegram"]["token"], "chat": "@channel"}),
        ("telegram", {"token": GOOD["telegram"]["token"]}),
        ("bark", {"key": KEY, "url": "https://evil.example"}),
        ("bark", {}),
        ("mail", {"to": "a@b.example\r\nBcc: c@d.example"}),
        ("mail", {"to": "a@localhost"}),
        ("pager", {}),
    ],
)
def test_bad_addresses_are_refused(kind, address):
    """Nothing but a plain key passes, and the error does not repeat what was given."""
    with pytest.raises(InputError) as caught:
        check_address(kind, address)
    for value in address.values():
        assert value not in str(caught.value)


def test_every_kind_is_explained():
    """Each kind has a name, fields with labels, and words on where to get the key."""
    assert set(ADDRESS_KINDS) == {*GOOD, "mail"}
    for kind in ADDRESS_KINDS.values():
        assert kind.name and kind.how and all(one.label for one in kind.fields)


@pytest.mark.parametrize(
    ("kind", "status", "told", "error"),
    [
        ("dingtalk", 200, {"errcode": 0}, None),
        ("dingtalk", 200, {"errcode": 310000, "errmsg": "sign not match"}, MessageRefused),
        ("dingtalk", 200, {"errcode": 130101}, MessageDelayed),
        ("wecom", 200, {"errcode": 93000}, MessageRefused),
        ("wecom", 200, {"errcode": 45009}, MessageDelayed),
        ("wecom", 200, {"errcode": 0}, None),
        ("feishu", 200, {"code": 0}, None),
        ("feishu", 200, {"StatusCode": 0}, None),
        ("feishu", 200, {"code": 19001}, MessageRefused),
        ("feishu", 200, {"code": 11232}, MessageDelayed),
        ("serverchan", 200, {"code": 0}, None),
        ("serverchan", 400, {"code": 40001, "scode": 461}, MessageDelayed),
        ("serverchan", 400, {"code": 40001, "scode": 471}, MessageRefused),
        ("telegram", 200, {"ok": True}, None),
        ("telegram", 200, {}, MessageDelayed),
        ("telegram", 401, {"ok": False}, MessageRefused),
        ("telegram", 302, {}, MessageDelayed),
    ],
)
def test_what_services_say(kind, status, told, error):
    """Several say "wrong key" with status 200: that is no delivery."""
    answer = Answer(status, json.dumps(told).encode())
    if error is None:
        judge_answer(kind, answer)
        return
    with pytest.raises(error):
        judge_answer(kind, answer)


@pytest.mark.parametrize("kind", sorted(set(GOOD) - {"bark"}))
def test_fixed_services_build_a_request(fake: Fake, kind, monkeypatch):
    """With the fixed host turned to a local one, apprise's own request arrives whole, once."""
    library = apprise_messenger._plugin(build_url(kind, GOOD[kind], id="m1"))[0]
    origin = origin_of(kind, GOOD[kind])
    name = "notify_url"
    monkeypatch.setattr(library, name, getattr(library, name).replace(origin, fake.host))
    monkeypatch.setitem(apprise_messenger._FIXED, kind, fake.host)
    fake.act = say(200, b'{"errcode":0,"code":0,"ok":true}')
    fake.messenger().send(message(kind))
    [(path, body)] = fake.seen
    text = parse_qs(body.decode())["desp"][0] if kind == "serverchan" else str(json.loads(body))
    assert "https://a.example/c/x/" in text
    token = GOOD[kind].get("token") or GOOD[kind]["key"]
    assert token in path


def test_dingtalk_is_signed_once(fake: Fake, monkeypatch):
    """The signature that arrives is the one the secret gives: quoted once, not twice."""
    plugin = apprise_messenger._plugin("dingtalk://x")[0]
    monkeypatch.setattr(plugin, "notify_url", f"{fake.host}/robot/send?access_token={{token}}")
    monkeypatch.setitem(apprise_messenger._FIXED, "dingtalk", fake.host)
    fake.act = say(200, b'{"errcode":0}')
    fake.messenger().send(message("dingtalk"))
    given = {k: v[0] for k, v in parse_qs(urlsplit(fake.seen[0][0]).query).items()}
    secret = GOOD["dingtalk"]["secret"]
    wanted = hmac.digest(
        secret.encode(), f"{given['timestamp']}\n{secret}".encode(), hashlib.sha256
    )
    assert given["sign"] == base64.b64encode(wanted).decode()


def test_secrets_stay_out_of_logs_and_errors(fake: Fake, caplog):
    """At the most talkative level no key, body or link is logged, and no error repeats one."""
    fake.act = say(500, KEY.encode())
    with caplog.at_level(1), pytest.raises(MessageDelayed) as caught:
        logging.getLogger("apprise").setLevel(1)
        fake.messenger().send(message())
    said = caplog.text + str(caught.value) + repr(caught.value) + repr(message())
    assert KEY not in said and "a.example" not in said
    assert caught.value.__cause__ is None
