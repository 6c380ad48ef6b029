"""The messengers that this installation can use, by the kind of address."""

from __future__ import annotations

from collections.abc import Mapping

from gongdao.casework.follow.messenger_port import Messenger
from gongdao.front.settings import Settings
from gongdao.front.worker.messengers.address_kinds import ADDRESS_KINDS
from gongdao.front.worker.messengers.apprise_messenger import AppriseMessenger
from gongdao.front.worker.messengers.mail import MailMessenger, read_mail_server


def make_messengers(settings: Settings) -> Mapping[str, Messenger]:
    """One messenger per kind; mail is missing where no mail server is set. Raises InputError for a
    mail server that cannot be used."""
    pushed = AppriseMessenger(bark_hosts=settings.bark_hosts)
    found: dict[str, Messenger] = {kind: pushed for kind in ADDRESS_KINDS if kind != "mail"}
    if settings.mail_url:
        server = read_mail_server(settings.mail_url, sender=settings.mail_from)
        found = {"mail": MailMessenger(server), **found}
    return found
