"""``gongdao api-key make | list | revoke``: keys of the interface."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import open_server, to_stderr
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

api_key_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="账号的邮箱。The account.")]
Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="权限，可以写多次：buyer merchant:listings merchant:stock merchant:orders "
        "merchant:deliver merchant:balance。What it opens; repeatable.",
    ),
]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="给人看的名字。Its name.")]
MerchantName = Annotated[
    str, typer.Option("--merchant", metavar="NAME", help="商家的店名。The merchant it acts for.")
]
Days = Annotated[int, typer.Option("--days", metavar="N", min=0, help="几天后到期，0 不到期。")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="密钥的编号，见 list。Its id.")]


@api_key_app.command("make", help="做一个密钥，只显示这一次。Make a key, shown once.")
def make(
    email: Email,
    scope: Scopes,
    name: Name = "cli",
    merchant: MerchantName = "",
    days: Days = 0,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Make a key for an account; it is printed once and kept as a digest only."""
    with open_server():
        from gongdao.front.clock import now
        from gongdao.market.api_keys import Scope, make_api_key

        unknown = [one for one in scope if one not in set(Scope)]
        if unknown:
            raise ArgumentError(
                _("没有这个权限：{scope}").format(scope=escape_controls(unknown[0][:40])),
                field="--scope",
            )
        at = now()
        row, text = make_api_key(
            user_id=_user_of(email),
            merchant_id=_merchant_of(merchant) if merchant else None,
            name=name,
            scopes=[Scope(one) for one in scope],
            at=at,
            ends_at=at + timedelta(days=days) if days else None,
        )
        if as_json:
            print_json({"id": str(row.id), "key": text, "scopes": row.scopes.split()})
            return
        print(text)
        to_stderr(_("请现在存好，以后不再显示。编号：{id}").format(id=row.id))


def _user_of(email: str) -> UUID:
    from gongdao.core.models import User

    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise ArgumentError(_("没有这个账号。"), field="EMAIL")
    return user.id


def _merchant_of(name: str) -> UUID:
    from gongdao.market.models import Merchant

    merchant = Merchant.objects.filter(display_name=name.strip()).first()
    if merchant is None:
        raise ArgumentError(_("没有这个商家。"), field="--merchant")
    return merchant.id


@api_key_app.command("list", help="有哪些密钥，不显示密钥本身。All keys, never their text.")
def list_(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Every key, newest first, with its account, its scopes and when it was last used."""
    with open_server():
        from gongdao.market.models import ApiKey

        rows = ApiKey.objects.select_related("user", "merchant").order_by("-made_at")
        found = [_plain(row) for row in rows]
    if as_json:
        print_json({"keys": found})
        return
    for one in found:
        state = _("已作废") if one["revoked_at"] else _("有效")
        words = (one["id"], one["email"], one["merchant"] or "-", " ".join(one["scopes"]), state)
        print(escape_controls(" · ".join((*words, one["name"]))))
    if not found:
        print(_("还没有密钥。"))


def _plain(row: Any) -> dict[str, Any]:
    def when(at: Any) -> str | None:
        return at.isoformat() if at else None

    return {
        "id": str(row.id),
        "name": row.name,
        "email": row.user.email,
        "merchant": row.merchant.display_name if row.merchant else None,
        "scopes": row.scopes.split(),
        "made_at": when(row.made_at),
        "ends_at": when(row.ends_at),
        "used_at": when(row.used_at),
        "revoked_at": when(row.revoked_at),
    }


@api_key_app.command("revoke", help="作废一个密钥，马上生效。End a key at once.")
def revoke(key: KeyId, lang: Lang = "zh") -> None:
    """End a key for good; exit 1 where there is none that still holds."""
    try:
        key_id = UUID(key)
    except ValueError:
        raise ArgumentError(_("不是编号：{text}").format(text=key[:60]), field="ID") from None
    with open_server():
        from gongdao.front.clock import now
        from gongdao.market.api_keys import revoke_api_key

        done = revoke_api_key(key_id=key_id, at=now())
    if not done:
        print(_("没有这个还有效的密钥。"))
        raise typer.Exit(1)
    print(_("已作废。"))
