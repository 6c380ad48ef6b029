"""A BlobStore in a bucket of any server that speaks S3.

Only plain operations are used, so that servers other than Amazon's do: one put (in parts when
large), one get, head, list, delete one by one. Keep versioning of the bucket off, or what is
deleted stays; it would be unreadable all the same once the case's key is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO, Protocol

from gongdao.core.blobs import check_name, check_prefix, is_name
from gongdao.core.errors import BlobMissing, BlobStoreError
from gongdao.core.language import gettext as _

_PART_BYTES = 8 << 20
_READ_BYTES = 1 << 16
_ABSENT = {"404", "NoSuchKey", "NotFound"}


class S3Client(Protocol):
    """What of a boto3 client is used here; boto3 makes its methods at run time, untyped."""

    def upload_fileobj(self, Fileobj: Any, Bucket: str, Key: str, Config: Any) -> None:
        """Store a file, in parts when it is large."""

    def get_object(self, *, Bucket: str, Key: str) -> Any:
        """An object with its body as a stream."""

    def head_object(self, *, Bucket: str, Key: str) -> Any:
        """What is known of an object without its body."""

    def delete_object(self, *, Bucket: str, Key: str) -> Any:
        """Remove an object."""

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> Any:
        """Remove the parts of an upload that was not completed."""

    def get_paginator(self, operation_name: str) -> Any:
        """Pages of a listing."""


def s3_client(
    *,
    endpoint: str = "",
    region: str = "",
    access_key: str = "",
    secret_key: str = "",
    path_style: bool | None = None,
    connect_timeout_s: int = 5,
    read_timeout_s: int = 30,
    attempts: int = 4,
) -> S3Client:
    """A client for Amazon, or for the server at ``endpoint``.

    Without keys boto3 looks for them where it always does (environment, files, the machine's
    role). ``path_style`` puts the bucket into the path, not into the host name; unless it is
    given, that is so for every ``endpoint`` of one's own. Check sums that only Amazon knows are
    sent only where the protocol demands them; sealed blobs carry their own proof.
    """
    import boto3
    from botocore.config import Config

    path_style = bool(endpoint) if path_style is None else path_style
    config = Config(
        signature_version="s3v4",
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path" if path_style else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client: S3Client = boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region or ("us-east-1" if endpoint else None),
        aws_access_key_id=access_key or None,
        aws_secret_access_key=secret_key or None,
        config=config,
    )
    return client


class S3Blobs:
    """A BlobStore in ``bucket``, every name below ``prefix``; safe to share between threads."""

    def __init__(self, *, bucket: str, client: S3Client, prefix: str = "") -> None:
        self._bucket = bucket
        self._client = client
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def put(self, name: str, source: BinaryIO) -> int:
        """See BlobStore: one request, or a multipart upload that is completed at the end."""
        from boto3.s3.transfer import TransferConfig

        counted = _Counted(source)
        plan = TransferConfig(
            multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False
        )
        with _talking():
            self._client.upload_fileobj(counted, Config=plan, **self._at(name))
        return counted.size

    def open(self, name: str) -> BinaryIO:
        """See BlobStore: read from the network as it is consumed."""
        with _talking():
            body = self._client.get_object(**self._at(name))["Body"]
        return BufferedReader(_Body(body), _READ_BYTES)

    def size(self, name: str) -> int | None:
        """See BlobStore."""
        with suppress(BlobMissing), _talking():
            return int(self._client.head_object(**self._at(name))["ContentLength"])
        return None

    def delete(self, name: str) -> bool:
        """See BlobStore: S3 does not say whether there was one, so it is asked before."""
        there = self.size(name) is not None
        if there:
            with _talking():
                self._client.delete_object(**self._at(name))
        return there

    def names(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """See BlobStore."""
        check_prefix(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        for found in self._listed(pages, "Contents"):
            name = str(found["Key"]).removeprefix(self._prefix)
            if is_name(name):
                yield name, found["LastModified"].astimezone(UTC).replace(microsecond=0)

    def delete_all(self, prefix: str) -> int:
        """See BlobStore."""
        check_prefix(prefix, whole_case=True)
        removed = 0
        for name in [name for name, _modified in self.names(prefix)]:
            with _talking():
                self._client.delete_object(**self._at(name))
            removed += 1
        self._abort_uploads(prefix, before=None)
        return removed

    def sweep(self, before: datetime) -> int:
        """See BlobStore: the parts of uploads that were never completed."""
        return self._abort_uploads("", before=before)

    def _abort_uploads(self, prefix: str, before: datetime | None) -> int:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        removed = 0
        for found in list(self._listed(pages, "Uploads")):
            if before is None or found["Initiated"] < before:
                with _talking():
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                    )
                removed += 1
        return removed

    def _listed(self, pages: Any, what: str) -> Iterator[Any]:
        turning = iter(pages)
        while True:
            with _talking():
                page = next(turning, None)
            if page is None:
                return
            yield from page.get(what, ())

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_name(name)}


class _Counted:
    """A source for the uploader: full reads only, or a short one would be taken for the end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.size = 0

    def read(self, amount: int = -1) -> bytes:
        """``amount`` bytes, fewer only at the end; all of them when negative."""
        pieces = []
        while amount and (piece := self._source.read(amount)):
            pieces.append(piece)
            self.size += len(piece)
            amount = amount - len(piece) if amount > 0 else amount
        return b"".join(pieces)


class _Body(RawIOBase):
    """The body of an answer as a file; a connection that breaks is a BlobStoreError."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _talking():
            return int(self._body.readinto(buffer))

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


@contextmanager
def _talking() -> Iterator[None]:
    """What the server, or the way to it, refuses: as an error of ours."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise BlobMissing(_("存储里没有这个文件。")) from None
        raise _trouble(code or type(error).__name__) from error
    except (BotoCoreError, Boto3Error) as error:
        raise _trouble(type(error).__name__) from error


def _trouble(reason: str) -> BlobStoreError:
    return BlobStoreError(_("存储文件的地方出了问题：{reason}。").format(reason=reason))
