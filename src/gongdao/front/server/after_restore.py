"""``python -m gongdao.front.server.after_restore``: what a restored database needs from us.

Started by ``gongdao restore`` alone. Reads a JSON object from its input, prints one with counts.
Every step may be done again.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta

from gongdao.core.errors import BlobMissing, GongdaoError, SealedDataError
from gongdao.front.server.django_processes import prepare


def settle(removed: list[str]) -> dict[str, int]:
    """Bring the database to this version's form, take stock off sale until the public log has told
    what was sold since, erase again what was erased since, let go of what no row stands for, open
    every original, give interrupted jobs back to their queue. ``removed`` are ids of originals
    that were removed while the backup was made."""
    prepare(os.environ["DATABASE_URL"])
    from gongdao.casework.online.erase_case import erase_again, finish_all
    from gongdao.evidence.kept.models import Original
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores
    from gongdao.front.worker.tasks import ask_for_finishing, rescue_jobs
    from gongdao.log.reader import covered_size
    from gongdao.vault.after_restore import find_waiting, restored_reason
    from gongdao.vault.quarantine_batches import quarantine_batches

    stores, at = get_stores(), now()
    quarantine_batches(stores=stores, batches=None, reason=restored_reason(covered_size()), at=at)
    gone = Original.objects.filter(id__in=removed)
    count = gone.count()
    gone.delete()
    erased = erase_again(stores=stores, ask=ask_for_finishing, at=at)
    finish_all(stores=stores, at=at)
    _drop_strays()
    opened, unopened = _open_all()
    return {
        "erased_again": erased,
        "removed": count,
        "requeued": asyncio.run(rescue_jobs(silent_for=timedelta(0))),
        "opened": opened,
        "unopened": unopened,
        "waiting": len(find_waiting()),
    }


def _drop_strays() -> None:
    """Delete the blobs of cases that are not in the database. What others keep, such as the papers
    of a merchant, lives as long as its row; what was handed in in a dispute, as long as its key."""
    from gongdao.casework.online.erasure_marks import is_mark
    from gongdao.casework.online.models import Case
    from gongdao.core.blobs import case_prefix
    from gongdao.disputes.models import Case as Dispute
    from gongdao.evidence.kept.models import Original
    from gongdao.front.stores import get_stores

    blobs = get_stores().blobs
    living = {case_prefix(case_id) for case_id in Case.objects.values_list("id", flat=True)}
    others = Original.objects.exclude(subject_kind="case").values_list("subject_id", flat=True)
    living |= {case_prefix(subject_id) for subject_id in others.distinct()}
    disputes = Dispute.objects.filter(erased_at__isnull=True, posts__exhibits__isnull=False)
    living |= {case_prefix(one) for one in disputes.values_list("id", flat=True).distinct()}
    there = {name.rpartition("/")[0] + "/" for name, _at in blobs.names("") if not is_mark(name)}
    for prefix in sorted(there - living):
        blobs.delete_all(prefix)


def _open_all() -> tuple[int, int]:
    """Decrypt every original to its end; how many opened, and how many did not. Nobody gets to see
    any of it, so no opening is recorded."""
    from gongdao.core.blobs import blob_name
    from gongdao.core.envelope import open_chunks
    from gongdao.core.errors import KeyGone
    from gongdao.core.keys import get_key
    from gongdao.core.subject import SubjectRef
    from gongdao.evidence.kept.models import Original
    from gongdao.front.stores import get_stores

    stores, opened, unopened = get_stores(), 0, 0
    for row in Original.objects.order_by("subject_id").iterator():
        subject = SubjectRef(row.subject_kind, row.subject_id)
        try:
            key = get_key(stores=stores, subject=subject)
            with stores.blobs.open(blob_name(subject.id, row.address)) as source:
                for _piece in open_chunks(key, source, subject.aad(f"original/{row.address}")):
                    pass
            opened += 1
        except (BlobMissing, SealedDataError, KeyGone):
            unopened += 1
    return opened, unopened


def main() -> int:
    """Do it; return the exit code."""
    try:
        done = settle(json.loads(sys.stdin.read())["removed"])
    except GongdaoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
