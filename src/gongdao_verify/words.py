"""Every sentence the verifier says, in Chinese and in English, side by side."""

from __future__ import annotations

LANGUAGES = ("zh", "en")

WORDS: dict[str, tuple[str, str]] = {
    # states
    "intact": (
        "完好：清单所列文件与封存时一致，没有多出或缺少。",
        "INTACT: every listed file is as it was sealed; nothing added, nothing missing.",
    ),
    "altered": ("已改动：与封存时不一致。", "ALTERED: not as it was sealed."),
    "unreadable": ("无法读取：不能判断。", "UNREADABLE: no judgement is possible."),
    "anchored": (
        "已锚定（ANCHORED）：可信时间戳证明此封印在 {at} 已存在，签发机构：{authority}",
        "ANCHORED: a trusted time-stamp shows that this seal existed at {at}, by {authority}",
    ),
    "unanchored": (
        "未锚定（UNANCHORED）：没有可信时间戳，任何人都可能事后重新封存一份。",
        "UNANCHORED: no trusted time-stamp, so anybody could have sealed it anew later.",
    ),
    # findings
    "changed": ("内容被改动", "changed"),
    "missing": ("缺少", "missing"),
    "added": ("多出，不在清单中", "added: not on the list"),
    "duplicate": ("同名文件出现多次", "the name occurs more than once"),
    "ambiguous_name": ("文件名与另一个几乎相同", "the name is nearly the same as another one"),
    "unsafe_name": ("文件名不安全", "the name is unsafe"),
    "special": ("不是普通文件（如链接）", "not a plain file (a link, for example)"),
    "header": ("压缩包内两处记载不一致", "the zip describes it in two different ways"),
    "hidden_bytes": (
        "压缩包中有不属于任何文件的内容",
        "the zip holds bytes that belong to no file",
    ),
    "bad_list": ("清单格式不对", "the list is malformed"),
    "bad_stamp": ("时间戳不成立", "the time-stamp does not hold"),
    # details
    "damaged": ("数据损坏", "the data is damaged"),
    "seal": ("与 seal.sha256 不符", "does not agree with seal.sha256"),
    "manifest": ("与清单不符", "does not agree with the manifest"),
    "names": ("所列文件不对", "lists the wrong files"),
    "too_long": ("过大", "too large"),
    "stamp_form": ("格式损坏", "malformed"),
    "stamp_refused": ("机构拒绝了请求", "the authority refused the request"),
    "stamp_of_other": ("盖的不是这份封印", "it is of another seal"),
    "stamp_signature": ("签名不成立", "the signature does not hold"),
    # why not anchored
    "no_stamp": ("没有时间戳（seal.tsr）。", "There is no time-stamp (seal.tsr)."),
    "no_roots": (
        "有时间戳，自称 {at}，{authority}；但未指定信任的根证书。用 --tsa-roots 指定后再验。",
        "There is a time-stamp that says {at}, {authority}; but no trusted root was named. "
        "Name it with --tsa-roots.",
    ),
    "no_chain": (
        "时间戳（自称 {at}，{authority}）不能追溯到你信任的根证书。",
        "The time-stamp (it says {at}, {authority}) does not lead to a root that you trust.",
    ),
    "expired": (
        "时间戳（自称 {at}，{authority}）的证书在该时间无效。",
        "The certificate of the time-stamp (it says {at}, {authority}) was not valid then.",
    ),
    "purpose": (
        "签发时间戳的证书不是专用于时间戳的（{authority}）。",
        "The certificate behind the time-stamp is not for time-stamping alone ({authority}).",
    ),
    "bad_certificate": (
        "时间戳的证书无法读懂（{authority}）。",
        "A certificate of the time-stamp cannot be understood ({authority}).",
    ),
    "no_certificate": (
        "时间戳没有附签发证书，无法核对。",
        "The time-stamp does not carry its signer's certificate.",
    ),
    "not_named": (
        "时间戳没有指明签发证书（{authority}）。",
        "The time-stamp does not name its signer's certificate ({authority}).",
    ),
    "algorithm": (
        "时间戳所用算法在此不支持，无法核对。",
        "The time-stamp uses an algorithm that is not supported here.",
    ),
    # why unreadable
    "cannot_open": ("文件打不开。", "The file cannot be opened."),
    "not_a_file": ("不是文件。", "It is not a file."),
    "not_a_zip": ("不是完整的 zip 文件。", "It is not a whole zip file."),
    "no_case_file": (
        "不是封存卷宗：没有封印，也没有清单。",
        "It is no sealed case file: it has neither seal nor manifest.",
    ),
    "too_large": ("文件过多或过大。", "It holds too many files, or too much."),
    "bomb": ("压缩比异常，像是压缩炸弹。", "It looks like a zip bomb."),
    "encrypted": ("已加密，无法核对。", "It is encrypted."),
    "method": ("使用了不支持的压缩方式。", "It uses an unsupported compression."),
    "overlap": ("压缩包内文件互相重叠。", "Entries of the zip overlap."),
    "bad_roots": ("根证书读不出来：", "The root certificates cannot be read: "),
    # labels
    "files": ("文件数", "files"),
    "manifest_hash": (
        "清单摘要（与索引 PDF 上所印核对）",
        "manifest digest (compare with the printed index)",
    ),
    "not_proven": ("以下事项未被证明：", "What is NOT proven:"),
    # not proven
    "np_truth": (
        "文件所说是否属实：只证明自封存以来没有变。",
        "that the files tell the truth: only that they are unchanged since the seal;",
    ),
    "np_before": (
        "封存之前文件是否被编辑过；“原件”是提交者自己的说法。",
        "that nothing was edited before the seal; “original” is the submitter's own word;",
    ),
    "np_author": (
        "由谁制作、由谁封存：封印不是个人签名。",
        "who made the files or sealed them: the seal is no person's signature;",
    ),
    "np_when": (
        "文件何时形成、事情何时发生：卷宗内的时间均为陈述或从文件读出。",
        "when files were made or events happened: times inside are stated, or read from files;",
    ),
    "np_complete": (
        "是否遗漏了其他材料。",
        "that nothing was left out;",
    ),
    "np_law": (
        "法律判断是否正确：报告与文书仅供参考。",
        "that the legal view is right: report and letters are an aid;",
    ),
    "np_sealed_when": (
        "何时封存：没有可信时间戳，可能是后来重新封存的。",
        "when it was sealed: without a trusted time-stamp it may have been sealed anew;",
    ),
    "np_revoked": (
        "时间戳证书是否已被吊销：离线无法查询。",
        "that the time-stamp's certificate was not revoked: this cannot be asked offline;",
    ),
}

NOT_PROVEN = ("np_truth", "np_before", "np_author", "np_when", "np_complete", "np_law")


def say(key: str, language: str) -> str:
    """The sentence of ``key``; a key that is none (a line number, a name) is itself."""
    pair = WORDS.get(key)
    return key if pair is None else pair[LANGUAGES.index(language)]


def plain(text: str) -> str:
    """``text`` fit for a terminal: no control, direction or invisible characters."""
    return "".join(ch if ch.isprintable() else f"\\u{{{ord(ch):x}}}" for ch in text)
