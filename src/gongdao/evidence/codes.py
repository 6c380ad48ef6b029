"""Temporary: being moved to gongdao.core.codes (import from there; same names)."""

from gongdao.core.codes import *  # noqa: F403  # removed at integration
