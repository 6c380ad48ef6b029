"""Where this installation keeps its log: key, signed head, folder, as the settings have it."""

from __future__ import annotations

from gongdao.front.settings import Settings
from gongdao.log.log_key import LogKey, load_log_key
from gongdao.log.publish import PublishedFolder
from gongdao.log.signed_head import SignedHeadFile


def open_log_key(settings: Settings, *, may_create: bool = False) -> LogKey:
    """The log's signing key; only with ``may_create`` a missing one is made."""
    return load_log_key(
        path=settings.log_key_file,
        given=settings.log_key,
        origin=settings.new_log_origin,
        asked=settings.log_origin,
        may_create=may_create,
    )


def find_head_file(settings: Settings) -> SignedHeadFile:
    """The newest signed checkpoint, outside the database."""
    return SignedHeadFile(settings.log_head_file)


def find_published(settings: Settings) -> PublishedFolder:
    """The folder that any web server can hand out."""
    return PublishedFolder(settings.published_log)
