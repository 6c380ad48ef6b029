"""`gongdao case seal --log`: digests out, a receipt in, believed only after checking it."""

from __future__ import annotations

import time
import zipfile
from functools import partial
from hashlib import sha256

import pytest
from tests.casework.fake_log import NOTARY, SCHOOL, FakeLog
from tests.casework.local_tsa import Served
from tests.casework.sample_case import AS_OF

from gongdao.casework.log_seal import SealDigests, check_logged, log_seal, trusted_policy
from gongdao.casework.seal import seal_case
from gongdao.core.errors import ArgumentError, SealError
from gongdao_verify.check import INTACT, verify
from gongdao_verify.tlog_policy import Policy

DIGESTS = SealDigests("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture
def fake():
    """A log that behaves well until told otherwise."""
    opened = FakeLog()
    yield opened
    opened.close()


def _named(fake: FakeLog) -> Policy:
    found = trusted_policy(key=fake.vkey, policy=None)
    assert found is not None
    return found


def _ask(fake: FakeLog, policy: Policy | None = None, patience_s: float = 5.0):
    return log_seal(DIGESTS, url=fake.url, policy=policy, patience_s=patience_s)


def test_the_receipt_goes_into_the_file_and_verifies(fake, folder, report, tmp_path):
    """Three digests go out, and nothing else; the file has the receipt, and an outsider who has the
    log's key finds both whole."""
    out = tmp_path / "a.zip"
    policy = _named(fake)
    log = partial(log_seal, url=fake.url, policy=policy)
    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=out, log=log)
    [asked] = fake.asked
    with zipfile.ZipFile(out) as archive:
        seal = archive.read("seal.sha256")
        assert archive.read("seal.tlog-proof") == sealed.logged.receipt
    assert set(asked) == {"manifest_sha256", "manifest_sm3", "seal_sha256"}
    assert asked["seal_sha256"] == sha256(seal).hexdigest() == sealed.seal_sha256
    verdict = verify(out, policy=policy)
    assert verdict.state == INTACT and verdict.log.log_known and sealed.logged.key_named
    assert "seal.tlog-proof" in sealed.files


def test_sealed_again_it_is_the_same_leaf(fake, folder, report, tmp_path):
    """The same folder gives the same digests, and so the same leaf; all else is byte for byte."""
    files = [tmp_path / "a.zip", tmp_path / "b.zip"]
    log = partial(log_seal, url=fake.url, policy=None)
    found = [
        seal_case(folder=folder, report=report, as_of=AS_OF, out=out, log=log) for out in files
    ]
    assert found[0].logged.verdict.leaf_hash == found[1].logged.verdict.leaf_hash
    assert files[0].read_bytes() == files[1].read_bytes()


def test_without_a_key_the_log_shows_its_own_and_it_is_said(fake):
    """Taken for this once, with the key told, so that it can be named next time."""
    logged = _ask(fake)
    assert (logged.key_named, logged.vkey) == (False, fake.vkey)
    assert logged.verdict.log_known
    fake.mode = "keyless"
    with pytest.raises(SealError, match="没有给出自己的公钥"):
        _ask(fake)


def test_a_promise_is_waited_for(fake):
    """Asked again until there is a receipt, and given up in time, with what to do."""
    fake.promises = 2
    assert _ask(fake, _named(fake)).verdict.index == 1
    assert len(fake.asked) == 3
    fake.promises = 99
    began = time.monotonic()
    with pytest.raises(SealError, match="还没有出回执"):
        _ask(fake, _named(fake), patience_s=1.5)
    assert time.monotonic() - began < 4


def test_witnesses_are_waited_for_where_the_policy_asks(fake):
    """Taken at once when they are there; without them in the end, with the state it has."""
    wanted = Policy.parse(fake.policy("both"))
    fake.witnesses = (NOTARY, SCHOOL)
    assert _ask(fake, wanted).verdict.state == "WITNESSED" and len(fake.asked) == 1
    fake.witnesses = (NOTARY,)
    logged = _ask(fake, wanted, patience_s=2.5)
    assert logged.verdict.state == "CONSISTENT_UNWITNESSED" and len(fake.asked) > 2
    fake.asked.clear()
    assert _ask(fake, Policy.parse(fake.policy())).verdict.state == "CONSISTENT_UNWITNESSED"
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("busy", "请求太多"),
        ("broken", "HTTP 500"),
        ("moved", "HTTP 302"),
        ("html", "不是日志的答复"),
        ("list", "不是日志的答复"),
        ("long", "过大"),
        ("other", "回执不是这份卷宗的"),
        ("more", "回执不是这份卷宗的"),
        ("type", "回执不是这份卷宗的"),
        ("rubbish", "不是存证回执"),
        ("unsigned", "没有签过|不成立|格式"),
        ("forged", "没有签过|不成立"),
        ("slow", "秒内没有答复"),
    ],
)
def test_what_is_no_good_receipt_is_refused(fake, folder, report, tmp_path, mode, said):
    """A log that lies, errs or dawdles: a clear sentence, no file; with leave, a file without."""
    fake.mode, out = mode, tmp_path / "a.zip"
    log = partial(log_seal, url=fake.url, policy=_named(fake), patience_s=1.0)
    with pytest.raises(SealError, match=said):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=out, log=log)
    assert not out.exists()
    sealed = seal_case(
        folder=folder, report=report, as_of=AS_OF, out=out, log=log, unanchored_ok=True
    )
    assert sealed.logged is None and sealed.log_problem
    assert "seal.tlog-proof" not in sealed.files and verify(out).state == INTACT


def test_a_log_that_is_away_is_said(folder, report, tmp_path):
    """Nothing listens: the host is named, and nothing is written."""
    log = partial(log_seal, url="http://127.0.0.1:9/log", policy=None, patience_s=2)
    with pytest.raises(SealError, match=r"联系不上日志（127\.0\.0\.1:9）"):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip", log=log)
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("url", ["", "log.example", "ftp://x/log", "http:///log", "http://a b/"])
def test_a_bad_address_is_refused_before_any_work(url):
    """Before anything is read or sent."""
    with pytest.raises(ArgumentError, match="http"):
        log_seal(DIGESTS, url=url, policy=None)


def test_the_trusted_key_or_policy_is_read_strictly(fake, tmp_path):
    """A key, or a policy, not both; broken ones are named."""
    path = tmp_path / "policy.txt"
    path.write_text(fake.policy(), "utf-8")
    assert trusted_policy(key=None, policy=None) is None
    assert trusted_policy(key=None, policy=path).logs.keys() == _named(fake).logs.keys()
    with pytest.raises(ArgumentError, match="只用一个"):
        trusted_policy(key=fake.vkey, policy=path)
    for key in ("", "x", fake.vkey[:-2], NOTARY.vkey(4)):
        with pytest.raises(ArgumentError, match="公钥"):
            trusted_policy(key=key, policy=None)
    path.write_text("quorum nobody\n", "utf-8")
    for broken in (path, tmp_path / "none.txt"):
        with pytest.raises(ArgumentError, match="核对规则"):
            trusted_policy(key=None, policy=broken)


def test_a_receipt_is_checked_against_all_three_digests(fake):
    """The control of the check: with any of the three changed it is another seal's."""
    receipt = fake.receipt(DIGESTS.data()).encode()
    assert check_logged(receipt, DIGESTS, _named(fake)).index == 1
    for name in DIGESTS.data():
        other = SealDigests.parse({**DIGESTS.data(), name: "d" * 64})
        with pytest.raises(SealError, match="不是这份卷宗的"):
            check_logged(receipt, other, _named(fake))


def test_time_stamp_and_log_go_together(fake, folder, report, tmp_path, tsa):
    """Both are in the file, and either may fail where that was allowed."""
    log = partial(log_seal, url=fake.url, policy=_named(fake), patience_s=2)
    seal = partial(seal_case, folder=folder, report=report, as_of=AS_OF, log=log)
    with Served(tsa) as url:
        stamped = {"tsa_url": url, "tsa_roots": [tsa.roots], "unanchored_ok": True}
        sealed = seal(out=tmp_path / "a.zip", **stamped)
        assert {"seal.tsr", "seal.tlog-proof"} <= set(sealed.files)
        fake.mode = "broken"
        sealed = seal(out=tmp_path / "b.zip", **stamped)
        assert sealed.timestamp and not sealed.logged and not sealed.timestamp_problem
        assert "HTTP 500" in sealed.log_problem
        fake.mode, tsa.mode = "good", "error"
        sealed = seal(out=tmp_path / "c.zip", **stamped)
        assert sealed.logged and not sealed.timestamp and not sealed.log_problem
