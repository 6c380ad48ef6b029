"""While the public log stands still and its queue is full, a step that would append says so."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpResponse
from tests.front.web.public_kit import use_plain_static

from gongdao.front.web.middleware.errors import say_errors
from gongdao.log.errors import LogQueueFull


def _from_the_database(text: str) -> OperationalError:
    error = OperationalError(text)
    error.__cause__ = psycopg.errors.ConfigurationLimitExceeded(text)
    return error


def _empty(_request):
    return HttpResponse()


@pytest.mark.parametrize("error", [LogQueueFull(), _from_the_database("log_queue_full")])
def test_it_is_a_page_that_says_what_to_do(rf, settings, error):
    """Whether a verb said it or the database within a larger statement: HTTP 503, nothing was
    changed, try again later."""
    use_plain_static(settings)
    answer = say_errors(_empty).process_exception(rf.get("/"), error)
    assert answer is not None and answer.status_code == 503
    assert "什么都没有改动" in answer.content.decode()


def test_other_faults_of_the_database_are_not_taken_for_it(rf):
    """Anything else stays what it is."""
    other = _from_the_database("something else is full")
    assert say_errors(_empty).process_exception(rf.get("/"), other) is None
