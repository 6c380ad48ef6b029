"""``gongdao staff add | list | remove``: who works on the operator's desk."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import open_server
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

staff_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
COMMAND_LINE = "command line"
"""Who acts in the record of deeds, where no account does."""


class RoleName(StrEnum):
    """The roles, as they are typed."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    FINANCE = "finance"
    ARBITER = "arbiter"


Mail = Annotated[str, typer.Argument(metavar="EMAIL", help="账号的邮箱。The account's address.")]


@staff_app.command("add", help="给一个账号一个角色。Give an account a role.")
def add(
    mail: Mail,
    role: Annotated[
        list[RoleName], typer.Option("--role", help="可以写几次。May be given several times.")
    ],
    lang: Lang = "zh",
) -> None:
    """Give the account roles; they hold from its next request on, with a second factor."""
    with open_server():
        from django.db import transaction

        from gongdao.front.clock import now
        from gongdao.market.staff import Actor, add_role, note_deed
        from gongdao.market.states import Role

        user_id, at = _find(mail), now()
        for one in dict.fromkeys(role):
            with transaction.atomic():
                if not add_role(user_id=user_id, role=Role(one.value), at=at):
                    print(_("{mail} 已经有角色 {role}。").format(mail=mail, role=one.value))
                    continue
                note_deed(
                    by=Actor(None, COMMAND_LINE),
                    deed="staff.add",
                    about=("user", str(user_id)),
                    reason=f"{mail} {one.value}",
                    at=at,
                )
            print(_("{mail} 现在有角色 {role}。").format(mail=mail, role=one.value))
    print(_("打开 /operator/ 以前，这个账号要设置两步验证，并用它登录。"))


@staff_app.command("list", help="谁有什么角色。Who has which roles.")
def list_(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Everybody with a role, by address."""
    with open_server():
        from gongdao.market.staff import list_staff

        members = list_staff()
    if as_json:
        rows = [{"email": one.mail, "roles": [r.value for r in one.roles]} for one in members]
        print_json(rows)
        return
    for one in members:
        print(f"{escape_controls(one.mail)}  {', '.join(role.value for role in one.roles)}")
    if not members:
        print(_("还没有人有角色。"))


@staff_app.command("remove", help="收回一个角色，或全部。Take a role back, or all.")
def remove(
    mail: Mail,
    role: Annotated[
        RoleName | None, typer.Option("--role", help="不写就收回全部。Without it: all.")
    ] = None,
    lang: Lang = "zh",
) -> None:
    """Take a role back; it opens nothing from the next request on."""
    with open_server():
        from django.db import transaction

        from gongdao.front.clock import now
        from gongdao.market.staff import Actor, note_deed, remove_role
        from gongdao.market.states import Role

        user_id = _find(mail)
        with transaction.atomic():
            count = remove_role(user_id=user_id, role=Role(role.value) if role else None)
            if count:
                note_deed(
                    by=Actor(None, COMMAND_LINE),
                    deed="staff.remove",
                    about=("user", str(user_id)),
                    reason=f"{mail} {role.value if role else '*'}",
                    at=now(),
                )
    print(_("收回了 {n} 个角色。").format(n=count))


def _find(mail: str) -> UUID:
    from gongdao.market.staff import find_user

    user = find_user(mail)
    if user is None:
        raise ArgumentError(
            _("没有用这个邮箱的账号"),
            field="EMAIL",
            hint=_("先在网页上注册，再来给角色。"),
        )
    found: UUID = user.pk
    return found
