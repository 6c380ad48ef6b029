"""People of the staff for tests of the operator's desk, signed in with their second factor."""

from __future__ import annotations

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
    "/operator/ledger/",
    "/operator/bookings/",
    "/operator/debts/",
    "/operator/holds/",
    "/operator/payouts/",
    "/operator/suppliers/",
    "/operator/deeds/",
)
ALL = (Role.OPERATOR, Role.REVIEWER, Role.FINANCE)


def sign_in(mail: str, *roles: Role, factor: bool = True, language: str = "zh-CN") -> Client:
    """A browser of somebody with these roles."""
    from gongdao.core.models import User

    user = User.objects.filter(email=mail).first() or make_user(mail)
    for role in roles:
        add_role(user_id=user.pk, role=role, at=now())
    client = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    if factor:
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": 1.0}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def find_deeds(code: str) -> list[StaffDeed]:
    """What the record holds of one kind of deed, oldest first."""
    return list(StaffDeed.objects.filter(deed=code).order_by("id"))
