"""``gongdao demo-market``: a believable market to try things out on."""

from __future__ import annotations

import os

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.cli.backup_commands import _open_ground, _set_up
from gongdao.front.cli.options import AsJson, Lang, print_json


def demo_market(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Make three merchants with listings, stock and orders; prints who to sign in as."""
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    if not settings.sandbox:
        raise InputError(
            _("演示市场只能放在试用的安装上。"),
            field="GONGDAO_SANDBOX",
            hint=_("设为 1 才是试用。"),
        )
    with _open_ground(settings, attach=True, may_create=True) as ground:
        _set_up(settings, ground)
        from gongdao.front.clock import now
        from gongdao.front.demo.fill_disputes import fill_disputes
        from gongdao.front.demo.fill_market import fill_market
        from gongdao.front.demo.fill_orders import fill_orders
        from gongdao.front.stores import get_stores

        at, stores = now(), get_stores()
        filled = fill_market(stores=stores, at=at)
        orders = fill_orders(stores=stores, filled=filled, at=at)
        fill_disputes(stores=stores, filled=filled, at=at)
    if as_json:
        print_json(
            {
                "market": f"{settings.public_url}/market/",
                "password": filled.password,
                "accounts": filled.mails,
                "orders": [vars(one) for one in orders],
            }
        )
        return
    print(_("市场：{address}").format(address=f"{settings.public_url}/market/"))
    print(_("登录：{address}").format(address=f"{settings.public_url}/accounts/login/"))
    for who, mail in filled.mails.items():
        print(f"  {translated(who)}  {mail}")
    print(_("这些账号的密码都是：{password}").format(password=filled.password))
    print(_("查订单：{address}").format(address=f"{settings.public_url}/orders/"))
    for one in orders:
        print(f"  {one.number}  {one.code}  {translated(one.told)}")
