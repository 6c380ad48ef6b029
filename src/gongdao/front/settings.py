"""Every setting of the server, from the environment, as one frozen object.

A name here is a paragraph in docs/reference/settings.md; a value that cannot be used is one clear
error at start, not a surprise later.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.gateway_settings import GatewayPlaces, read_gateway_settings

_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")


@dataclass(frozen=True)
class S3Place:
    """Where blobs lie in an S3-compatible store; ``endpoint`` empty means Amazon's own."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class AnchorPlaces:
    """Who says from outside when a checkpoint of the log existed; an empty address: not there.

    ``…_seconds``: at most one anchor in so many. ``evm_gwei``: the most that gas may cost.
    """

    tsa_url: str = field(default="", repr=False)
    tsa_roots: Path | None = None
    tsa_seconds: int = 60
    evm_url: str = field(default="", repr=False)
    evm_chain: int = 0
    evm_key: Path | None = None
    evm_confirmations: int = 12
    evm_gwei: int = 200
    evm_seconds: int = 60


@dataclass(frozen=True)
class Settings:
    """All settings, checked. Sizes in bytes, times in seconds."""

    data_dir: Path
    database_url: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    allowed_hosts: tuple[str, ...] = ()
    web_workers: int = 1
    behind_proxy: bool = False
    master_key: str = field(default="", repr=False)
    kms_command: str = field(default="", repr=False)
    """The command that wraps and unwraps master keys; empty where they lie in the clear."""
    s3: S3Place | None = None
    mail_url: str = field(default="", repr=False)
    mail_from: str = ""
    bark_hosts: tuple[str, ...] = ("api.day.app",)
    max_file_bytes: int = 200 * 1024 * 1024
    max_files: int = 200
    max_case_bytes: int = 1024 * 1024 * 1024
    min_free_bytes: int = 1024 * 1024 * 1024
    reading_timeout: int = 180
    reading_memory: int = 4 * 1024 * 1024 * 1024
    operator: str = ""
    sandbox: bool = False
    """Whether orders may be paid in the sandbox: for trying out, never for selling."""
    gateways: GatewayPlaces = field(default_factory=GatewayPlaces)
    log_key: str = field(default="", repr=False)
    log_origin: str = ""
    log_folder: Path | None = None
    log_policy: Path | None = None
    log_queue: int = 1_000_000
    """How many leaves may wait while the log stands still; then new ones are refused."""
    log_anchors: AnchorPlaces = AnchorPlaces()
    database_connections: int = 8
    """Largest number of database connections that one process keeps open."""

    @property
    def https(self) -> bool:
        """Whether people reach the pages over TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")

    @property
    def key_file(self) -> Path:
        """Where the master keys lie unless they come from the environment."""
        return self.data_dir / "master.key"

    @property
    def kms_file(self) -> Path:
        """Where the master keys lie wrapped, where a key service guards them."""
        return self.data_dir / "master.kms"

    @property
    def log_key_file(self) -> Path:
        """Where the signing key of the public log lies unless it comes from the environment."""
        return self.data_dir / "log.key"

    @property
    def log_head_file(self) -> Path:
        """The newest signed checkpoint, kept outside the database: a restore leaves it alone."""
        return self.data_dir / "log.head"

    @property
    def published_log(self) -> Path:
        """The folder of tiles and checkpoint that any web server can hand out."""
        return self.log_folder or self.data_dir / "log"

    @property
    def new_log_origin(self) -> str:
        """The name of a log that is begun here: what the pages' address makes of it, unless set."""
        return self.log_origin or self.public_url.partition("://")[2] + "/log"

    @property
    def scratch(self) -> Path:
        """Where files lie in the clear while they are worked on: private, made when missing."""
        folder = self.data_dir / "scratch"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings in ``environ``; raise InputError naming the variable that is wrong."""
        data = environ.get("GONGDAO_DATA", "")
        host = environ.get("GONGDAO_HOST", "127.0.0.1")
        port = _whole(environ, "GONGDAO_PORT", 8000, 1, 65535)
        public = _public(environ, host, port)
        hosts = tuple(h.strip() for h in environ.get("GONGDAO_HOSTS", "").split(",") if h.strip())
        return cls(
            data_dir=Path(data).expanduser() if data else _home(environ) / "gongdao",
            database_url=_database(environ),
            host=host,
            port=port,
            public_url=public,
            allowed_hosts=hosts,
            web_workers=_whole(environ, "GONGDAO_WEB_WORKERS", 1, 1, 64),
            behind_proxy=_flag(environ, "GONGDAO_BEHIND_PROXY"),
            master_key=environ.get("GONGDAO_MASTER_KEY", ""),
            kms_command=_kms(environ),
            s3=_s3(environ),
            mail_url=_mail(environ),
            mail_from=environ.get("GONGDAO_MAIL_FROM", ""),
            bark_hosts=_names(environ, "GONGDAO_BARK_HOSTS", ("api.day.app",)),
            max_file_bytes=_whole(environ, "GONGDAO_MAX_FILE_MB", 200, 1, 200) * 1024 * 1024,
            max_files=_whole(environ, "GONGDAO_MAX_FILES", 200, 1, 500),
            max_case_bytes=_whole(environ, "GONGDAO_MAX_CASE_MB", 1024, 1, 100_000) * 1024 * 1024,
            min_free_bytes=_whole(environ, "GONGDAO_MIN_FREE_MB", 1024, 0, 1_000_000) * 1024 * 1024,
            reading_timeout=_whole(environ, "GONGDAO_READING_SECONDS", 180, 5, 3600),
            reading_memory=_whole(environ, "GONGDAO_READING_MB", 4096, 1024, 65536) * 1024 * 1024,
            operator=environ.get("GONGDAO_OPERATOR", "").strip(),
            sandbox=_sandbox(environ, public),
            gateways=read_gateway_settings(environ),
            log_key=environ.get("GONGDAO_LOG_KEY", ""),
            log_origin=_origin(environ),
            log_folder=_path(environ, "GONGDAO_LOG_FOLDER"),
            log_policy=_path(environ, "GONGDAO_LOG_POLICY"),
            log_queue=_whole(environ, "GONGDAO_LOG_QUEUE", 1_000_000, 1000, 100_000_000),
            log_anchors=_anchors(environ),
            database_connections=_whole(environ, "GONGDAO_DB_CONNECTIONS", 8, 2, 100),
        )


def _home(environ: Mapping[str, str]) -> Path:
    """The user's data folder, as the XDG base directory specification has it."""
    given = environ.get("XDG_DATA_HOME", "")
    if given.startswith("/"):
        return Path(given)
    try:
        return Path.home() / ".local/share"
    except RuntimeError:
        raise _wrong("GONGDAO_DATA", _("没有家目录，请写明数据放在哪里")) from None


def _wrong(name: str, reason: str) -> InputError:
    return InputError(reason, field=name, hint=_("见 docs/reference/settings.md。"))


def _whole(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise _wrong(name, _("要写成 {low} 到 {high} 的整数").format(low=low, high=high))
    return int(text)


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip().lower()
    if text not in _YES and text:
        raise _wrong(name, _("要写成 1 或 0"))
    return _YES.get(text, False)


def _names(environ: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    given = tuple(n.strip() for n in environ.get(name, "").split(",") if n.strip())
    return given or default


def _public(environ: Mapping[str, str], host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "127.0.0.1") else host
    text = environ.get("GONGDAO_PUBLIC_URL", "").strip().rstrip("/")
    if not text:
        return f"http://{shown}:{port}"
    if not re.fullmatch(r"https?://[^\s/?#]+", text):
        raise _wrong("GONGDAO_PUBLIC_URL", _("要写成 https://主机名 的样子，后面不带路径"))
    return text


def _database(environ: Mapping[str, str]) -> str:
    text = environ.get("DATABASE_URL", "").strip()
    if text and not re.match(r"postgres(?:ql)?://", text):
        raise _wrong("DATABASE_URL", _("只支持 PostgreSQL，要以 postgresql:// 开头"))
    return text


def _sandbox(environ: Mapping[str, str], public: str) -> bool:
    """As set; unset, on where nobody but this machine reaches the pages."""
    host = public.partition("://")[2].partition("/")[0].rpartition(":")[0]
    loopback = host in ("127.0.0.1", "localhost", "[::1]")
    return _flag(environ, "GONGDAO_SANDBOX") if environ.get("GONGDAO_SANDBOX") else loopback


def _kms(environ: Mapping[str, str]) -> str:
    text = environ.get("GONGDAO_KMS_COMMAND", "").strip()
    if text and environ.get("GONGDAO_MASTER_KEY", "").strip():
        raise _wrong("GONGDAO_KMS_COMMAND", _("和 GONGDAO_MASTER_KEY 只能用一个"))
    try:
        shlex.split(text)
    except ValueError:
        raise _wrong("GONGDAO_KMS_COMMAND", _("引号没有成对")) from None
    return text


def _origin(environ: Mapping[str, str]) -> str:
    text = environ.get("GONGDAO_LOG_ORIGIN", "").strip()
    if text and not re.fullmatch(r"[^\s+]{1,200}", text):
        raise _wrong("GONGDAO_LOG_ORIGIN", _("要写成 主机名/路径 的样子，不带空格和加号"))
    return text


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name, "").strip()
    return Path(text).expanduser() if text else None


_DAY_S = 86_400
_MOST_CHAIN_ID = 2**53 - 37
"""EIP-2294; also the largest that JSON's numbers carry."""


def _anchors(environ: Mapping[str, str]) -> AnchorPlaces:
    tsa, roots = environ.get("GONGDAO_LOG_TSA", "").strip(), _path(environ, "GONGDAO_LOG_TSA_ROOTS")
    evm, key = environ.get("GONGDAO_LOG_EVM_URL", "").strip(), _path(environ, "GONGDAO_LOG_EVM_KEY")
    chain = environ.get("GONGDAO_LOG_EVM_CHAIN", "").strip()
    if tsa:
        _check_tsa(tsa, roots)
    if evm:
        _check_evm(evm, key, chain)
    return AnchorPlaces(
        tsa_url=tsa,
        tsa_roots=roots,
        tsa_seconds=_whole(environ, "GONGDAO_LOG_TSA_SECONDS", 60, 60, _DAY_S),
        evm_url=evm,
        evm_chain=int(chain) if evm else 0,
        evm_key=key,
        evm_confirmations=_whole(environ, "GONGDAO_LOG_EVM_CONFIRMATIONS", 12, 1, 1000),
        evm_gwei=_whole(environ, "GONGDAO_LOG_EVM_GWEI", 200, 0, 1_000_000),
        evm_seconds=_whole(environ, "GONGDAO_LOG_EVM_SECONDS", 60, 60, _DAY_S),
    )


def _check_tsa(url: str, roots: Path | None) -> None:
    from gongdao.core.timestamp import check_tsa_url, load_roots

    try:
        check_tsa_url(url)
    except InputError as error:
        raise _wrong("GONGDAO_LOG_TSA", error.reason) from None
    if roots is None:
        raise _wrong("GONGDAO_LOG_TSA_ROOTS", _("要写明信任哪个根证书，否则谁盖的戳都算"))
    try:
        load_roots([roots])
    except InputError as error:
        raise _wrong("GONGDAO_LOG_TSA_ROOTS", error.reason) from None


def _check_evm(url: str, key: Path | None, chain: str) -> None:
    from gongdao.core.post import Address

    try:
        Address.parse(url)
    except ValueError:
        raise _wrong("GONGDAO_LOG_EVM_URL", _("要以 http:// 或 https:// 开头")) from None
    if not re.fullmatch(r"[1-9]\d{0,15}", chain) or int(chain) > _MOST_CHAIN_ID:
        raise _wrong("GONGDAO_LOG_EVM_CHAIN", _("要写明链号，一个正整数"))
    if key is None or not key.is_file():
        raise _wrong("GONGDAO_LOG_EVM_KEY", _("没有这个密钥文件"))


def _mail(environ: Mapping[str, str]) -> str:
    text = environ.get("GONGDAO_MAIL_URL", "").strip()
    if text and text.partition("://")[0] not in _MAIL_SCHEMES:
        raise _wrong(
            "GONGDAO_MAIL_URL", _("要以 {schemes} 开头").format(schemes=" / ".join(_MAIL_SCHEMES))
        )
    if text and not environ.get("GONGDAO_MAIL_FROM", "").strip():
        raise _wrong("GONGDAO_MAIL_FROM", _("能发邮件就要写明发件地址"))
    return text


def _s3(environ: Mapping[str, str]) -> S3Place | None:
    bucket = environ.get("GONGDAO_S3_BUCKET", "").strip()
    if not bucket:
        return None
    return S3Place(
        bucket=bucket,
        prefix=environ.get("GONGDAO_S3_PREFIX", "").strip("/"),
        endpoint=environ.get("GONGDAO_S3_ENDPOINT", "").strip(),
        region=environ.get("GONGDAO_S3_REGION", "").strip(),
        access_key=environ.get("GONGDAO_S3_ACCESS_KEY", ""),
        secret_key=environ.get("GONGDAO_S3_SECRET_KEY", ""),
    )
