"""People of the staff for tests of the operator's desk, signed in with their second factor."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.test import Client
from tests.front.web.public_kit import make_user

from gongdao.front.clock import now
from gongdao.market.staff import add_role
from gongdao.market.states import Role
from gongdao.market.vetting_models import StaffDeed

PAGES = (
    "/operator/",
    "/operator/merchants/",
    "/operator/orders/",
    "/operator/proofs/",
    "/operator/listings/",
    "/operator/ledger/",
    "/operator/bookings/",
    "/operator/debts/",
    "/operator/second/",
    "/operator/holds/",
    "/operator/payouts/",
    "/operator/splits/",
    "/operator/suppliers/",
    "/operator/deeds/",
)
ALL = (Role.OPERATOR, Role.REVIEWER, Role.FINANCE)


def sign_in(
    mail: str, *roles: Role, factor: bool = True, language: str = "zh-CN", age_s: int = 0
) -> Client:
    """A browser of somebody with these roles, whose factor was used ``age_s`` seconds ago."""
    from gongdao.core.models import User

    user = User.objects.filter(email=mail).first() or make_user(mail)
    for role in roles:
        add_role(user_id=user.pk, role=role, at=now())
    client = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    if factor:
        Authenticator.objects.get_or_create(
            user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": "x"}}
        )
        session = client.session
        used = {"method": "mfa", "type": "totp", "at": now().timestamp() - age_s}
        session["account_authentication_methods"] = [used]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def find_deeds(code: str) -> list[StaffDeed]:
    """What the record holds of one kind of deed, oldest first."""
    return list(StaffDeed.objects.filter(deed=code).order_by("id"))
