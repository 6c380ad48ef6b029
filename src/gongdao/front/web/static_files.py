"""Static files under names that carry their content, so that they may be cached for good."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedByContent(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped base
    """As the library has it; a missing file is an error when pages are collected, not later."""

    manifest_strict = True
