"""What is known to be signed: beside the database, in it, and in the published folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gongdao.core.language import gettext as _
from gongdao.log.check_head import check_holds, newest_head
from gongdao.log.errors import LogHeadMissing, LogKeyUnfit
from gongdao.log.integrate import Connection, query_over, source_over
from gongdao.log.log_key import LogKey, SignedHead
from gongdao.log.signed_head import SignedHeadFile
from gongdao.log.signers import read_signers
from gongdao_verify.signed_note import BadNote, VerifierKey

_NEWEST = "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1"


@dataclass(frozen=True)
class KnownHeads:
    """The newest signed checkpoint of each place, None where it has none; ``kept`` is the head
    file as it stands."""

    kept: bytes | None
    in_file: SignedHead | None
    in_database: SignedHead | None
    published: SignedHead | None

    def all(self) -> list[SignedHead]:
        """Those that are there."""
        places = (self.in_file, self.in_database, self.published)
        return [head for head in places if head is not None]

    def newest(self) -> SignedHead | None:
        """The newest of them; raise LogForked where two of one size differ."""
        return newest_head(self.all())


def find_heads(
    connection: Connection, *, file: SignedHeadFile, key: LogKey, published: bytes | None
) -> KnownHeads:
    """What is signed, as far as it is known here. Raise LogKeyUnfit where a key signed that is
    neither ours nor one that the log names."""
    row = connection.execute(_NEWEST).fetchone()
    former = [one.key for one in read_signers(query_over(connection))]
    kept, recorded = file.read(), row[0].encode() if row else None
    return KnownHeads(
        kept=kept,
        in_file=_parse(key, former, kept, str(file.path)),
        in_database=_parse(key, former, recorded, "log_checkpoint"),
        published=_parse(key, former, published, "checkpoint"),
    )


def check_heads(heads: KnownHeads, connection: Connection, *, size: int, place: str) -> None:
    """Raise LogRefused unless the database's tree of ``size`` leaves may be continued: it must
    lead to each head, and the newest must be known beside the database, at ``place``."""
    if heads.kept is None and heads.in_database is not None:
        raise LogHeadMissing(place)
    heads.newest()
    source = source_over(connection)
    for head in sorted(heads.all(), key=lambda head: -head.size):
        check_holds(source, size=size, head=head)


def _parse(
    key: LogKey, former: Sequence[VerifierKey], note: bytes | None, place: str
) -> SignedHead | None:
    try:
        return None if note is None else key.parse_head(note, former)
    except BadNote:
        raise LogKeyUnfit(
            _(
                "{place} 里的检查点不是这把密钥签的（日志 {name}）。"
                "请把原来的签名密钥放回来，或换一个文件夹。"
            ).format(place=place, name=key.origin)
        ) from None
