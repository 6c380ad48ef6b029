"""What was read from pictures, kept beside a reading."""

from __future__ import annotations

from gongdao.core.codes import Condition
from gongdao.core.language import Phrase
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.ocr import OcrLine
from gongdao.evidence.reading import Sign


def test_kept_texts_come_back_or_are_none() -> None:
    """Entries are stored whole; of another model, or broken, they are as good as none."""
    kept = KeptTexts()
    assert kept.dump() == b"" and len(KeptTexts.load(b"")) == 0
    line = OcrLine("卡密\ud800", 0.9, (1, 2, 3, 4), quad=(1.0,) * 8)
    kept.put("ab" * 32, (line,))
    signs = (Sign(Condition.EDITED, Phrase("{count} 处", count=2)),)
    kept.put_signs("ab" * 32, "key", signs)
    back = KeptTexts.load(kept.dump())
    assert back.get("ab" * 32) == (line,)
    assert back.get_signs("ab" * 32, "key") == signs
    assert back.get_signs("ab" * 32, "other") is None and back.get("cd" * 32) is None
    text = kept.dump().decode("utf-8", "surrogatepass")
    for old, new in (('"v":1', '"v":2'), ('"model":"', '"model":"x'), ("[1,2,3,4]", "[1]")):
        assert old in text
        assert len(KeptTexts.load(text.replace(old, new).encode("utf-8", "surrogatepass"))) == 0
    for rubbish in (b"{", b"[]", b"\xff", b"[" * 100_000):
        assert len(KeptTexts.load(rubbish)) == 0
