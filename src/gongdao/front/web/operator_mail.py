"""Mail that the operator's desk sends: a code to a contact, an invitation to a member."""

from __future__ import annotations

import hashlib
from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse

from gongdao.casework.follow.messenger_port import Message
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.models import User
from gongdao.front.worker.messengers.address_kinds import check_address
from gongdao.front.worker.messengers.choose import make_messengers
from gongdao.market.prove_contact import BegunProof


def check_mail(text: str) -> str:
    """An address that mail can be sent to; raise InputError."""
    return check_address("mail", {"to": text.strip()})["to"]


def send_code(*, to: str, begun: BegunProof) -> None:
    """Send the code of a proof; raise MessageRefused or MessageDelayed where it did not leave,
    InputError where this installation sends no mail."""
    body = _(
        "有人正在用这个邮箱申请入驻“{site}”。验证码：\n\n{code}\n\n"
        "请把它告诉为您办理的审核员，30 分钟内有效。不是您本人申请的，不用理会这封信。"
    ).format(site=_site(), code=begun.code)
    _send(to, _("入驻验证码"), body, f"contact/{begun.id}")


def send_invitation(*, to: str, merchant: str, at: datetime) -> None:
    """Tell a member that he may act for ``merchant``, and where to sign in; errors as above."""
    link = f"{settings.GONGDAO.public_url}{reverse('account_login')}"
    body = _(
        "您现在可以代表“{merchant}”管理店铺。\n\n用这个邮箱登录：{link}\n\n"
        "没有密码也可以登录：填上邮箱，点“把登录码发给我”。"
    ).format(merchant=merchant, link=link)
    day = f"{at:%Y%m%d}"
    name = hashlib.sha256(f"{merchant}\0{to}\0{day}".encode()).hexdigest()
    _send(to, _("管理店铺的邀请"), body, f"invite/{name}")


def close_unproven(user: User) -> bool:
    """Before an account is trusted with a shop: where its address was never proven, whoever made it
    may be somebody else, so that its password opens nothing any more. Whether that was so."""
    if EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists():
        return False
    user.set_unusable_password()
    user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": False, "primary": True}
    )
    return True


def _site() -> str:
    return settings.GONGDAO.operator or settings.GONGDAO.public_url


def _send(to: str, title: str, body: str, name: str) -> None:
    mail = make_messengers(settings.GONGDAO).get("mail")
    if mail is None:
        raise InputError(
            Phrase("这台服务器没有设置邮件，验证码发不出去"),
            field="mail",
            hint=Phrase("请先设置 GONGDAO_MAIL_URL。"),
        )
    mail.send(Message("mail", {"to": check_mail(to)}, title, body, name))
