"""The words of the verify page: those of gongdao-verify, and what a page says otherwise. Pure."""

from __future__ import annotations

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.web.log_view import FIELDS, TITLES
from gongdao_verify.words import say

_SHARED = (
    *("INVALID", "CONSISTENT_UNWITNESSED", "WITNESSED", "AUDITED", "ANCHORED"),
    *("intact", "altered", "unreadable", "changed", "missing", "added", "bad_list"),
    *("no_receipt", "bad_checkpoint", "bad_extra", "no_entry", "not_included", "bad_leaf"),
    *("bad_opening", "bad_anchor", "bad_signature", "unsigned", "unknown_log", "other_seal"),
    *("no_witness", "same_operator", "one_organisation", "no_quorum"),
    *("anchor_kind", "anchor_online", "rfc3161", "evm", "no_chain", "expired", "purpose"),
    *("bad_certificate", "no_certificate", "not_named", "algorithm"),
    *("log_origin", "log_place", "leaf_hash", "leaf", "witness", "auditor", "anchor"),
    *("label_same_operator", "not_proven", "np_log_truth", "np_log_all", "np_log_who"),
    *("np_log_key", "np_log_split", "np_log_rules", "np_log_when", "np_revoked"),
    *("not_a_zip", "no_case_file", "method", "no_promise", "promise_invalid"),
)
"""Keys of words.py that the page says as the command line does."""


def say_politely(key: str, language: str) -> str:
    """The verifier's sentence as pages address people."""
    return say(key, language).replace("你", "您")


def verify_words(language: str) -> dict[str, str]:
    """Every word that the scripts of the verify page say, in ``language``, which is in use."""
    return {
        **{key: say_politely(key, language) for key in _SHARED},
        **{name: translated(title) for name, title in TITLES.items()},
        **{name: translated(title) for name, title in FIELDS.items()},
        **_own_words(),
    }


def _own_words() -> dict[str, str]:
    return {
        "no_policy": _("没有写明信任哪本日志，不知道签名的公钥是谁的。"),
        "no_roots": _("有时间戳，自称 {at}，{authority}；但没有写明信任的根证书。"),
        "bad_policy": _("核对规则读不懂，请看看是不是少了一截。"),
        "bad_roots": _("根证书读不懂：要 PEM 格式的文字。"),
        "no_crypto": _(
            "这个浏览器不给不加密的网页用密码功能。请用 https 打开，或下载离线版，在电脑上打开。"
        ),
        "no_ed25519": _(
            "这个浏览器还不会验 Ed25519 签名，什么都没有核对。"
            "请用新一些的浏览器，或用命令行 gongdao-verify。"
        ),
        "failed": _("没有读成，请再选一次。"),
        "PROMISE_UNCHECKED": _(
            "承诺（未核对签名）：自称最迟 {at} 把这条记录写进日志；但没有写明信任哪本日志。"
        ),
        "PROMISED": _(
            "已承诺（PROMISED）：日志签名承诺，最迟 {at} 把这条记录写进日志。兑现没有，"
            "过了期限用命令行 gongdao-verify 和日志的副本核对。"
        ),
        "time": _("{beijing} 北京时间（UTC {utc}）"),
        "reading": _("正在读：{done} / {all}"),
        "case_checked": _("{files} 个文件，SHA-256 都核对过。"),
        "case_unchecked": _(
            "浏览器里没有核对 SM3，也没有查压缩包里藏没藏别的东西；要查全，用 gongdao-verify。"
        ),
        "case_no_receipt": _("这份卷宗里没有存证回执（seal.tlog-proof）。"),
    }
