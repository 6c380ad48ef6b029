"""A process of the pages does what takes long once before its first request."""

from __future__ import annotations

import gc
import re
from collections import deque
from contextlib import contextmanager

import pytest
from django.urls import get_resolver

from gongdao.core.language import language, use_language
from gongdao.front.web.warm_up import warm_up

_OF_A_PAGE = 1500
"""Objects that a page holds until it is sent, a third of them in cycles."""


class _Cell:
    """An object that knows itself, as a request and its session do."""

    def __init__(self):
        self.me = self
        self.rest = [[number] for number in range(_OF_A_PAGE // 500)]


def _largest_round(pages):
    """How many objects one round of garbage collection throws away at most, with two pages under
    way at any time."""
    thrown = [0]

    def note(phase, info):
        if phase == "stop":
            thrown.append(info["collected"])

    gc.callbacks.append(note)
    under_way = deque(maxlen=2)
    for _page in range(pages):
        under_way.append([_Cell() for _cell in range(500)])
    gc.callbacks.remove(note)
    return max(thrown)


@contextmanager
def _collector():
    """Leave the garbage collection of the test session as it was."""
    before = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@pytest.mark.slow
def test_what_is_thrown_away_goes_a_little_at_a_time():
    """After warming up one round of collection throws away a third less than what Python's own
    thresholds let gather, and nothing that was read before is gone over again."""
    with _collector():
        gc.collect()
        gc.freeze()
        gc.collect()
        gc.set_threshold(700, 10, 10)
        usual = _largest_round(400)
        gc.unfreeze()
        warm_up()
        assert gc.get_freeze_count() > 50_000
        assert _largest_round(400) < usual * 2 / 3


def test_nothing_is_compiled_when_the_first_case_is_judged(monkeypatch):
    """Warming up finds every address in both languages, leaves the language as it was, and after
    it a made-up case compiles no pattern any more."""
    from gongdao.front.clock import now
    from gongdao.front.web.warm_up import _judge_one

    use_language("en")
    try:
        with _collector():
            warm_up()
        assert language() == "en"
    finally:
        use_language("zh")
    compiled: list[object] = []
    real = re._compiler.compile

    def compile_seen(*given):
        compiled.append(given)
        return real(*given)

    monkeypatch.setattr(re._compiler, "compile", compile_seen)
    _judge_one(now())
    assert compiled == []
    known = get_resolver()._reverse_dict
    assert {"zh-hans", "en"} <= set(known)
