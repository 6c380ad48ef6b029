"""A time-stamp authority on loopback, made with `openssl ts`, that can also misbehave."""

from __future__ import annotations

import datetime
import http.server
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
DAY = datetime.timedelta(days=1)
START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2049, 1, 1, tzinfo=datetime.UTC)


def openssl() -> str | None:
    """The path of the openssl command, if there is one."""
    return shutil.which("openssl")


def make_key(kind: str = "ec") -> Key:
    """A fresh private key: ``ec`` (P-256) or ``rsa`` (2048 bits)."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_certificate(
    name: str,
    key: Key,
    issuer: tuple[x509.Certificate, Key] | None = None,
    *,
    ca: bool = False,
    critical: bool = True,
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    start: datetime.datetime = START,
    end: datetime.datetime = END,
    path_length: int | None = None,
) -> x509.Certificate:
    """A certificate for ``key``; self-signed without ``issuer``; with ``purposes`` unless a CA."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if purposes and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    """The certificates as PEM, one after another."""
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class LocalTsa:
    """Answers time-stamp requests in ``folder``; ``mode`` says how, ``seen`` counts requests."""

    folder: Path
    kind: str = "rsa"
    mode: str = "good"
    seen: int = 0
    first: bytes = b""
    root: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        root_key, key = make_key(self.kind), make_key(self.kind)
        self.root = make_certificate("测试根证书", root_key, ca=True)
        leaf = make_certificate("测试时间戳机构", key, (self.root, root_key))
        self.roots = self.folder / "root.pem"
        self.roots.write_bytes(pem(self.root))
        (self.folder / "tsa.pem").write_bytes(pem(leaf))
        (self.folder / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(_CONFIG.format(folder=self.folder))

    def reply(self, request: bytes) -> bytes:
        """The RFC 3161 response to ``request``."""
        query, answer = self.folder / "q.tsq", self.folder / "a.tsr"
        query.write_bytes(request)
        self._run("-reply", "-config", self.folder / "tsa.cnf", "-queryfile", query, "-out", answer)
        return answer.read_bytes()

    def stamp(self, data: bytes, digest: str = "sha256") -> bytes:
        """A response over ``data``, without the network."""
        source, query = self.folder / "data", self.folder / "own.tsq"
        source.write_bytes(data)
        self._run("-query", "-data", source, f"-{digest}", "-cert", "-out", query)
        return self.reply(query.read_bytes())

    def _run(self, *arguments: str | Path) -> None:
        command = [openssl() or "openssl", "ts", *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True)

    def answer(self, request: bytes) -> tuple[int, bytes]:
        """HTTP status and body, as ``mode`` has it."""
        self.seen += 1
        match self.mode:
            case "rubbish":
                return 200, b"<html>hello</html>"
            case "empty":
                return 200, b""
            case "error":
                return 503, b"no"
            case "redirect":
                return 302, b""
            case "huge":
                return 200, b"x" * (3 << 20)
            case "other":
                return 200, self.stamp(b"something else")
            case "replay":  # the right bytes, but the answer to an earlier request
                self.first = self.first or self.reply(request)
                return 200, self.first
            case "refuse":
                return 200, bytes.fromhex("30053003020102")
            case "cut":
                return 200, self.reply(request)[:-40]
        return 200, self.reply(request)


class _Handler(http.server.BaseHTTPRequestHandler):
    tsa: LocalTsa
    stopped: threading.Event

    def do_POST(self) -> None:
        """Answer, or misbehave on the wire."""
        request = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.tsa.mode == "silence":
            self.stopped.wait(10)
            return
        if self.tsa.mode == "drip":
            self._drip()
            return
        status, body = self.tsa.answer(request)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "ftp://127.0.0.1/x")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        try:
            for byte in b"HTTP/1.0 200 OK\r\nX: " + b"y" * 1000:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.stopped.wait(0.05):
                    return
        except OSError:
            return

    def handle(self) -> None:
        """As the library, but a peer that has left is no error."""
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Served:
    """A LocalTsa behind http://127.0.0.1:PORT while the ``with`` block lasts."""

    def __init__(self, tsa: LocalTsa) -> None:
        self._stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"tsa": tsa, "stopped": self._stopped})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/tsr"

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
