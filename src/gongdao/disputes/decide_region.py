"""Whether the region that somebody found is the one that a listing promised. Pure.

Both are words that people wrote. Well-known names of the same region count as one; a listing that
promises no limit is broken by any limit. What cannot be told for certain is not known, and a person
looks at it.
"""

from __future__ import annotations

import unicodedata

_SAME: tuple[tuple[str, ...], ...] = (
    ("不限", "不限地区", "全球", "全区", "无限制", "没有限制", "global", "worldwide", "any"),
    ("中国大陆", "大陆", "中国", "国内", "国区", "国服", "全国", "cn", "china", "mainlandchina"),
    ("香港", "中国香港", "港区", "港服", "hk", "hongkong"),
    ("澳门", "中国澳门", "澳区", "macau", "macao"),
    ("台湾", "中国台湾", "台区", "台服", "tw", "taiwan"),
    ("美国", "美区", "美服", "us", "usa", "unitedstates"),
    ("日本", "日区", "日服", "jp", "japan"),
    ("韩国", "韩区", "韩服", "kr", "korea"),
    ("英国", "英区", "uk", "gb", "unitedkingdom"),
    ("欧洲", "欧区", "欧服", "欧盟", "eu", "europe"),
    ("土耳其", "土区", "tr", "turkey"),
    ("阿根廷", "阿区", "ar", "argentina"),
    ("俄罗斯", "俄区", "俄服", "ru", "russia"),
)
"""Names of one region each; the first group says that there is no limit."""
_CODES = {name: number for number, names in enumerate(_SAME) for name in names}
_NO_LIMIT = 0


def region_matches(*, listed: str, found: str) -> bool | None:
    """Whether ``found`` is what ``listed`` promised; None where these words do not tell."""
    promised, there = _plain(listed), _plain(found)
    if not promised or not there:
        return None
    if promised == there:
        return True
    ours, theirs = _CODES.get(promised), _CODES.get(there)
    if ours is None or theirs is None:
        return None
    return ours == theirs or theirs == _NO_LIMIT


def _plain(words: str) -> str:
    """Without width, case, blanks, and what people put around the name of a region."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    plain = "".join(sign for sign in plain if sign.isalnum())
    for tail in ("地区", "账号", "可用", "专用"):
        plain = plain.removesuffix(tail) or plain
    return plain
