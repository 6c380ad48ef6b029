"""Reminders by mail against a real SMTP server that is late, refuses, drops, delays and doubles."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
)
from gongdao.core.errors import InputError
from gongdao.front.worker.messengers.mail import (
    MailMessenger,
    MailServer,
    read_mail_server,
    write_mail,
)

SENDER = "notice@gongdao.example"
TO = "buyer@mail.example"
STOP = "https://a.example/stop/x/"


@dataclass
class Box:
    """What the server does with recipients and data, and what it took."""

    rcpt: str = "250 OK"
    data: str = "250 OK"
    took: list[bytes] = field(default_factory=list)
    drop_after: bool = False
    waits_for: Event | None = None

    async def handle_RCPT(
        self, server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer for a recipient."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        """Take a mail; perhaps late, perhaps breaking off without a word."""
        if self.waits_for is not None:
            self.waits_for.wait(60)
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.took.append(envelope.content)
        if self.drop_after:
            server.transport.abort()
        return self.data


Start = Callable[..., tuple[Box, MailServer]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server; keyword arguments are the controller's."""
    running: list[Controller] = []

    def begin(scheme: str = "smtp", **options: Any) -> tuple[Box, MailServer]:
        box = Box()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(box, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return box, MailServer(scheme, "127.0.0.1", port, SENDER)

    yield begin
    for controller in running:
        controller.stop()


def send(server: MailServer, *, limit_s: float = 3, to: str = TO, **more: str) -> None:
    """Send the usual reminder."""
    given = {"title": "公道：明天有一件事到期", "body": "打开看看：https://a.example/c/x/"} | more
    message = Message("mail", {"to": to}, given["title"], given["body"], "m1", STOP)
    MailMessenger(server, limit_s=limit_s).send(message)


def read(raw: bytes) -> EmailMessage:
    """A mail as its receiver reads it."""
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_mail_arrives(start: Start):
    """Title, text, sender, a way to stop, and the marks of an automatic mail."""
    box, server = start()
    send(server)
    [mail] = [read(raw) for raw in box.took]
    assert mail["Subject"] == "公道：明天有一件事到期"
    assert mail["To"] == TO and SENDER in mail["From"]
    assert mail["List-Unsubscribe"] == f"<{STOP}>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "https://a.example/c/x/" in mail.get_content() and STOP in mail.get_content()


def test_a_second_try_is_the_same_mail(start: Start):
    """A server that takes it and breaks off gets it again under the same Message-ID."""
    box, server = start()
    box.drop_after = True
    with pytest.raises(MessageDelayed):
        send(server)
    box.drop_after = False
    send(server)
    first, second = (read(raw)["Message-ID"] for raw in box.took)
    assert first == second and "m1" not in first


@pytest.mark.parametrize(
    ("rcpt", "data", "error"),
    [
        ("550 no such user", "250 OK", MessageRefused),
        ("451 greylisted, come back", "250 OK", MessageDelayed),
        ("452 full", "250 OK", MessageDelayed),
        ("250 OK", "554 spam", MessageRefused),
        ("250 OK", "451 try later", MessageDelayed),
    ],
)
def test_refused_and_delayed(start: Start, rcpt, data, error):
    """Five hundreds are final, four hundreds are not, and the error names nobody."""
    box, server = start()
    box.rcpt, box.data = rcpt, data
    with pytest.raises(error) as caught:
        send(server)
    assert not box.took
    assert TO not in str(caught.value) and "user" not in str(caught.value)


def test_a_greylisted_mail_arrives_later(start: Start):
    """What was delayed goes through once the server takes it."""
    box, server = start()
    box.rcpt = "451 greylisted"
    with pytest.raises(MessageDelayed):
        send(server)
    box.rcpt = "250 OK"
    send(server)
    assert len(box.took) == 1


def test_a_late_server(start: Start):
    """A server that takes too long counts as delayed within the limit."""
    box, server = start()
    box.waits_for = Event()
    with pytest.raises(MessageDelayed):
        send(server, limit_s=0.5)
    assert not box.took  # it has not answered yet
    box.waits_for.set()


def test_a_dripping_server():
    """A greeting that never ends, byte by byte, ends within the limit."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        drops = []

        def drip() -> None:
            peer, _where = listening.accept()
            with peer:
                try:
                    while len(drops) < 600:
                        peer.sendall(b"220-")
                        drops.append(b"220-")
                        time.sleep(0.1)
                except OSError:
                    pass

        thread = Thread(target=drip)
        thread.start()
        server = MailServer("smtp", "127.0.0.1", listening.getsockname()[1], SENDER)
        with pytest.raises(MessageDelayed):
            send(server, limit_s=0.5)
        assert len(drops) < 600  # it would have gone on for a minute
        thread.join()


def test_nobody_listens():
    """A refused connection is delayed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(MessageDelayed):
        send(MailServer("smtp", "127.0.0.1", port, SENDER))


def test_a_bad_farewell_is_no_failure(start: Start):
    """Once taken, the mail counts as sent, even if the server breaks off at the end."""
    box, server = start()

    async def rude(quitting: Any, *_args: Any) -> str:
        quitting.transport.abort()
        return "221 bye"

    box.handle_QUIT = rude  # type: ignore[attr-defined]  # a hook the server looks for by name
    send(server)
    assert len(box.took) == 1


@pytest.mark.parametrize(
    "title", ["x\r\nBcc: c@d.example", "x\nBcc: c@d.example", "x\u2028Bcc: c@d.example", "x\x00y"]
)
def test_no_header_is_smuggled(start: Start, title):
    """A title with line breaks stays one subject line."""
    box, server = start()
    send(server, title=title)
    mail = read(box.took[0])
    assert mail["Bcc"] is None and len(mail.get_all("Subject", [])) == 1


@pytest.mark.parametrize(
    "to", ["a@b.example\nBcc: c@d.example", "a@b.example, c@d.example", "x", ""]
)
def test_a_bad_address_is_refused(start: Start, to):
    """An address that is not one never reaches the server."""
    box, server = start()
    with pytest.raises(MessageRefused):
        send(server, to=to)
    assert not box.took


def test_a_hostile_stop_link_is_no_header():
    """A link with a break or brackets is left out of the headers."""
    message = Message("mail", {}, "t", "b", "m", "https://a.example/>\r\nBcc: c@d.example")
    mail = write_mail(message, to=TO, sender=SENDER)
    assert mail["Bcc"] is None and mail["List-Unsubscribe"] is None


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for ``localhost``, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begun = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun - datetime.timedelta(days=3650))
        .not_valid_after(begun + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    return serving, ssl.create_default_context(cafile=str(pem))


def _auth(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == b"right"
    return AuthResult(success=good, handled=good)


def test_starttls_and_login(start: Start, tmp_path: Path):
    """The password goes over TLS only; a wrong one is the operator's matter and only delays."""
    serving, trusting = _certificate(tmp_path)
    box, server = start(
        tls_context=serving, authenticator=_auth, auth_required=True, require_starttls=True
    )
    make = MailServer("smtp+starttls", "localhost", server.port, SENDER, "u", "right", trusting)
    send(make)
    assert len(box.took) == 1
    wrong = MailServer("smtp+starttls", "localhost", server.port, SENDER, "u", "wrong", trusting)
    with pytest.raises(MessageDelayed) as caught:
        send(wrong)
    assert "535" in str(caught.value)
    assert "wrong" not in str(caught.value) and "wrong" not in repr(wrong)


def test_an_unknown_certificate_sends_nothing(start: Start, tmp_path: Path):
    """With a certificate nobody vouches for, neither password nor mail leaves."""
    serving, _trusting = _certificate(tmp_path)
    box, server = start(tls_context=serving)
    with pytest.raises(MessageDelayed):
        send(MailServer("smtp+starttls", "localhost", server.port, SENDER, "u", "right"))
    assert not box.took


def test_no_fall_back_to_clear(start: Start):
    """A server without STARTTLS gets no mail where TLS was asked for."""
    box, server = start()
    with pytest.raises(MessageDelayed):
        send(MailServer("smtp+starttls", "127.0.0.1", server.port, SENDER))
    assert not box.took


def test_tls_from_the_start(start: Start, tmp_path: Path):
    """The same over a connection that begins encrypted."""
    serving, trusting = _certificate(tmp_path)
    box, server = start(ssl_context=serving)
    send(MailServer("smtps", "localhost", server.port, SENDER, context=trusting))
    assert len(box.took) == 1


def test_the_setting_is_read():
    """User, password and port come out of the URL; a bad one is named without its secrets."""
    url = "smtp+starttls://me%40a.example:p%2Fw@mail.example"
    server = read_mail_server(url, sender=SENDER)
    assert (server.user, server.password, server.port) == ("me@a.example", "p/w", 587)
    for bad in ("http://u:secret@h", "smtp://u:secret@h:99999", "smtp:///x", ""):
        with pytest.raises(InputError) as caught:
            read_mail_server(bad, sender=SENDER)
        assert "secret" not in str(caught.value)
    with pytest.raises(InputError):
        read_mail_server(url, sender="not an address\r\nBcc: x@y.example")
