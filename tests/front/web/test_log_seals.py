"""Logging the seal of a case file that was made elsewhere: once, for anybody, with nothing kept."""

from __future__ import annotations

import json
import secrets
import threading

import pytest
from django.db import connections
from django.test import Client
from tests.front.web.log_ground import NOTARY, SCHOOL, begin, cosign, policy_of, publish_policy
from tests.front.web.log_ground import sequencing as running

from gongdao.casework.log_seal import SealDigests, check_logged
from gongdao.front.web.pages import log_seals
from gongdao_verify.leaf_form import parse_leaf
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_policy import Policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(log_seals, "WAIT_S", 2.0)


def _digests() -> dict[str, str]:
    names = ("manifest_sha256", "manifest_sm3", "seal_sha256")
    return {name: secrets.token_hex(32) for name in names}


def _post(client, data, content_type="application/json"):
    body = data if isinstance(data, (str, bytes)) else json.dumps(data)
    return client.post("/log/seals/", body, content_type=content_type)


def test_a_seal_gets_its_receipt(client, settings, tmp_path):
    """The receipt holds, under the key that was told, and is of exactly these digests; the leaf has
    a page."""
    ground, digests = begin(tmp_path, settings), _digests()
    with running(ground):
        answer = _post(client, digests)
    assert answer.status_code == 200 and not answer.cookies
    told = answer.json()
    assert (told["version"], told["state"], told["index"]) == (1, "logged", 1)
    assert told["vkey"] == ground.key.verifier.text()
    policy = Policy.parse(f"log {told['vkey']}\nquorum none\n")
    verdict = check_logged(told["receipt"].encode(), SealDigests(**digests), policy)
    assert verdict.leaf_hash.hex() == told["leaf_hash"]
    assert told["page"].endswith("/log/leaf/1/")
    assert digests["seal_sha256"] in client.get("/log/leaf/1/").content.decode()


def test_the_same_seal_is_logged_once(client, settings, tmp_path):
    """Asked again, by anybody and at once by many, it is the same leaf; other digests another."""
    ground, digests = begin(tmp_path, settings), _digests()
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(_post(Client(HTTP_HOST="127.0.0.1"), digests).json()["leaf_hash"])
        finally:
            connections.close_all()

    with running(ground):
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        again = _post(client, digests).json()
        other = _post(client, _digests()).json()
    assert set(found) == {again["leaf_hash"]} and len(found) == 6
    assert other["leaf_hash"] != again["leaf_hash"]
    assert len(ground.entries()) == 3


def test_two_that_ask_would_double_it_without_the_look(settings, tmp_path, monkeypatch):
    """The control: where the subject's row is not looked at first, there is a second leaf."""
    from gongdao.casework.online import log_case_seal as deed
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores
    from gongdao.log.models import LogPending, LogSubject

    begin(tmp_path, settings)

    def ask() -> bytes:
        return deed.log_case_seal(stores=get_stores(), digests=SealDigests(**GOOD), at=now())

    first = ask()
    assert ask() == first and LogPending.objects.count() == 1
    blind = LogSubject(name="case:blind", count=0)
    look = "django.db.models.query.QuerySet.get"
    with monkeypatch.context() as patch:
        patch.setattr(look, lambda *_self, **_named: blind)
        assert ask() != first
    assert LogPending.objects.count() == 2


def test_a_late_leaf_is_promised(client, settings, tmp_path, monkeypatch):
    """202 with a promise signed by the log, and where to ask again; then the receipt."""
    monkeypatch.setattr(log_seals, "WAIT_S", 0.1)
    ground, digests = begin(tmp_path, settings), _digests()
    answer = _post(client, digests)
    told = answer.json()
    assert (answer.status_code, told["state"]) == (202, "promised")
    note = parse_note(told["promise"].encode())
    assert verify_note(note, [ground.key.verifier]) and told["leaf_hash"] in note.text
    assert client.get(told["receipt_at"].partition(":8000")[2]).status_code == 202
    ground.run()
    assert _post(client, digests).json()["leaf_hash"] == told["leaf_hash"]
    assert client.get(told["receipt_at"].partition(":8000")[2]).status_code == 200


def test_it_waits_for_witnesses_where_the_policy_asks_for_them(client, settings, tmp_path):
    """A receipt that outsiders vouch for is worth more: the answer waits for it, and no longer."""
    ground, digests = begin(tmp_path, settings), _digests()
    publish_policy(tmp_path, settings, policy_of(ground))
    policy = Policy.parse(policy_of(ground))

    def witness() -> None:
        try:
            while len(ground.query("SELECT 1 FROM log_checkpoint")) < 2:
                pass
            cosign([NOTARY, SCHOOL])
        finally:
            connections.close_all()

    thread = threading.Thread(target=witness)
    with running(ground):
        thread.start()
        told = _post(client, digests).json()
        thread.join(20)
        seen = check_logged(told["receipt"].encode(), SealDigests(**digests), policy)
        assert seen.state == "WITNESSED"
        unseen = _post(client, _digests())
    assert unseen.status_code == 200


GOOD = {"manifest_sha256": "a" * 64, "manifest_sm3": "b" * 64, "seal_sha256": "c" * 64}
BAD = {
    "blank": " ",
    "list": "[]",
    "null": "null",
    "text": '"x"',
    "cut": "{",
    "deep": "[" * 500,
    "bytes": b"\xff\xfe",
    "two": json.dumps({name: GOOD[name] for name in list(GOOD)[:2]}),
    "four": json.dumps({**GOOD, "note": "x"}),
    "upper case": json.dumps({**GOOD, "seal_sha256": "C" * 64}),
    "short": json.dumps({**GOOD, "seal_sha256": "c" * 63}),
    "number": json.dumps({**GOOD, "seal_sha256": 7}),
    "line feed": json.dumps({**GOOD, "seal_sha256": "c" * 64 + "\n"}),
}


@pytest.mark.parametrize("body", list(BAD.values()), ids=list(BAD))
def test_anything_but_three_digests_is_refused(client, settings, tmp_path, body):
    """400 with a code, and nothing is logged."""
    ground = begin(tmp_path, settings)
    answer = _post(client, body)
    assert answer.status_code == 400 and answer.json()["error"] == "digests"
    ground.run()
    assert len(ground.entries()) == 1


def test_other_forms_and_methods_are_refused(client, settings, tmp_path):
    """What a page of a stranger could make a browser send without asking is no request here."""
    begin(tmp_path, settings)
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        assert _post(client, json.dumps(_digests()), kind).status_code == 415
    assert _post(client, json.dumps(_digests()) + " " * 2000).status_code == 413
    assert client.get("/log/seals/").status_code == 405
    assert "Access-Control-Allow-Origin" not in _post(client, _digests()).headers


def test_it_needs_no_token_and_looks_at_no_session(settings, tmp_path):
    """A client that is checked for forged requests is answered, and none gets a cookie."""
    ground = begin(tmp_path, settings)
    strict = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    with running(ground):
        answer = _post(strict, _digests())
    assert answer.status_code == 200 and not answer.cookies


def test_one_network_cannot_flood_the_log(client, settings, tmp_path, monkeypatch):
    """Beyond the limit 429 with the time from which it works again; other networks go on."""
    from dataclasses import replace

    monkeypatch.setattr(log_seals, "SEALS", replace(log_seals.SEALS, most=3))
    monkeypatch.setattr(log_seals, "WAIT_S", 0.05)
    ground = begin(tmp_path, settings)
    for _ in range(3):
        assert _post(client, _digests()).status_code == 202
    refused = _post(client, _digests())
    assert refused.status_code == 429 and refused.json()["error"] == "too_many_attempts"
    assert "GMT" in refused.headers["Retry-After"]
    other = Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR="203.0.113.9")
    assert _post(other, _digests()).status_code == 202
    ground.run()
    assert len(ground.entries()) == 5


def test_the_leaf_says_nothing_of_who_asked(client, settings, tmp_path):
    """Its data are the three digests alone, its subject is made from them, and two seals of one
    client share nothing."""
    ground, first, second = begin(tmp_path, settings), _digests(), _digests()
    with running(ground):
        for one in (first, second):
            _post(client, one)
    _genesis, *forms = (parse_leaf(entry) for entry in ground.entries())
    assert [dict(form.data) for form in forms] == [first, second]
    assert len({form.subject for form in forms}) == 2 and not any(form.prev for form in forms)
