"""Reminders by e-mail: plain text over SMTP with TLS, and a Message-ID that never changes.

Once the server has taken the message it counts as sent, whatever happens to the farewell; before
that nothing is certain and it counts as delayed. A server that takes it and then breaks off before
saying so will get it again under the same Message-ID, by which mailboxes drop doubles.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Receipt,
)
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.worker.messengers.address_kinds import check_address
from gongdao.front.worker.messengers.cut_off import cut_off_after

TIME_LIMIT_S = 20
_STEP_S = 10
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True)
class MailServer:
    """The operator's mail server. ``scheme``: ``smtps`` TLS from the start, ``smtp+starttls`` TLS
    or nothing, ``smtp`` in clear (on one's own machine). ``context``: other trust than usual."""

    scheme: str
    host: str
    port: int
    sender: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)


def read_mail_server(url: str, *, sender: str) -> MailServer:
    """``smtp+starttls://user:password@mail.example:587`` as a MailServer; raise InputError,
    without the URL in it, if it cannot be used."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        raise InputError(Phrase("邮件服务器的地址不对"), field="GONGDAO_MAIL_URL") from None
    if not parts.hostname:
        raise InputError(Phrase("邮件服务器的地址不对"), field="GONGDAO_MAIL_URL")
    try:
        Address(addr_spec=sender)
    except (ValueError, IndexError, MessageError):
        raise InputError(Phrase("发件地址不对"), field="GONGDAO_MAIL_FROM") from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.scheme, parts.hostname, port, sender, user, password)


class MailMessenger:
    """Sends mail through one server; each message has ``limit_s`` seconds in all."""

    def __init__(self, server: MailServer, *, limit_s: float = TIME_LIMIT_S) -> None:
        self._server = server
        self._limit_s = limit_s

    def send(self, message: Message) -> Receipt:
        """Hand ``message`` to the server; raise MessageRefused for an address that it does not
        take, MessageDelayed for anything that may pass or that the operator must mend."""
        try:
            address = check_address("mail", message.address)
        except InputError:
            raise MessageRefused(Phrase("邮箱地址不对")) from None
        mail = write_mail(message, to=address["to"], sender=self._server.sender)
        self._deliver(mail, address["to"])
        return Receipt(message.channel, message.message_id)

    def _deliver(self, mail: EmailMessage, to: str) -> None:
        smtp = self._make()
        with cut_off_after(self._limit_s, lambda: _socket_of(smtp)) as cut:
            try:
                self._greet(smtp)
                smtp.send_message(mail, self._server.sender, [to])
            except (smtplib.SMTPException, OSError, ValueError) as error:
                smtp.close()
                raise _explain(error, cut.done) from None
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _make(self) -> smtplib.SMTP:
        step = min(_STEP_S, self._limit_s)
        if self._server.scheme == "smtps":
            return smtplib.SMTP_SSL(timeout=step, context=self._context())
        return smtplib.SMTP(timeout=step)

    def _context(self) -> ssl.SSLContext:
        return self._server.context or ssl.create_default_context()

    def _greet(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        # smtplib checks the certificate against the name that only its constructor keeps, and its
        # constructor would connect before the time limit runs
        smtp._host = server.host  # type: ignore[attr-defined]  # the stub leaves this attribute out
        code, _said = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        smtp.ehlo_or_helo_if_needed()
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=self._context())
            smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)


def _socket_of(smtp: smtplib.SMTP) -> socket.socket | None:
    return getattr(smtp, "sock", None)


def write_mail(message: Message, *, to: str, sender: str) -> EmailMessage:
    """``message`` as a mail. Line breaks and control characters of title, link and id cannot
    become headers; the footer says how to turn reminders off."""
    stop = _UNSAFE.sub("", message.stop)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = _UNSAFE.sub(" ", message.title).strip()[:200]
    mail["From"] = Address("公道", addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = message_id_of(message.message_id, sender=sender)
    mail["Auto-Submitted"] = "auto-generated"
    if re.fullmatch(r"https?://[!-;=?-~]+", stop):
        mail["List-Unsubscribe"] = f"<{stop}>"
    footer = _("不想再收到提醒，打开这里关掉：{link}").format(link=stop) if stop else ""
    body = message.body.replace("\r\n", "\n").rstrip("\n")
    mail.set_content(f"{body}\n\n-- \n{footer}\n" if footer else f"{body}\n", cte="base64")
    return mail


def message_id_of(id: str, *, sender: str) -> str:
    """The Message-ID for ``id``: the same for every try, and it tells nothing."""
    digest = hashlib.sha256(f"gongdao\n{id}".encode()).hexdigest()[:40]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def _explain(error: Exception, cut: bool) -> MessageRefused | MessageDelayed:
    """What an error means for the message. Nothing of what the server said is repeated: it may
    quote the address."""
    if cut or isinstance(error, TimeoutError):
        return MessageDelayed(Phrase("邮件服务器太慢，没有答复"))
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in error.recipients.values()]
        if codes and all(code >= 500 for code in codes):
            return MessageRefused(Phrase("收件人的邮箱不存在或拒收（{code}）", code=codes[0]))
        return MessageDelayed(Phrase("收件人的邮箱暂时不收（{code}）", code=min(codes, default=0)))
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
        return MessageDelayed(
            Phrase("邮件服务器不让发信（{code}）：请管理员检查设置", code=error.smtp_code)
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MessageDelayed(Phrase("邮件服务器不支持加密或登录：请管理员检查设置"))
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        return MessageRefused(Phrase("邮件服务器不收这封信（{code}）", code=error.smtp_code))
    if isinstance(error, smtplib.SMTPResponseException):
        return MessageDelayed(Phrase("邮件服务器暂时不收（{code}）", code=error.smtp_code))
    if isinstance(error, ssl.SSLError):
        return MessageDelayed(Phrase("邮件服务器的加密连接不可信：请管理员检查设置"))
    return MessageDelayed(Phrase("邮件服务器连不上或中途断开"))
