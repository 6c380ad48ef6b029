"""Every sentence the verifier says, in Chinese and in English, side by side."""

from __future__ import annotations

from gongdao_verify.order_words import ORDER_WORDS

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
    "bad_receipt": ("存证回执不成立", "the log receipt does not hold"),
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

LOG_WORDS: dict[str, tuple[str, str]] = {
    # states
    "INVALID": ("无效（INVALID）：这份存证回执不成立。", "INVALID: this receipt does not hold."),
    "CONSISTENT_UNWITNESSED": (
        "自洽但无人见证（CONSISTENT_UNWITNESSED）：除日志运营者自己外，没有人为它作证。",
        "CONSISTENT_UNWITNESSED: it fits together, but nobody besides the operator vouches for it.",
    ),
    "WITNESSED": (
        "已见证（WITNESSED）：{count} 个与运营者无关的机构看到过同一份日志。",
        "WITNESSED: {count} organisations that are not the operator saw this same log.",
    ),
    "AUDITED": (
        "已审计（AUDITED）：{count} 个与运营者无关的机构见证，其中有审计方逐条检查过整份日志。",
        "AUDITED: witnessed by {count} organisations that are not the operator; one of them read "
        "and checked every leaf of the log.",
    ),
    "ANCHORED": (
        "已锚定（ANCHORED）：可信时间戳证明这条记录在 {at} 已存在，签发机构：{authority}",
        "ANCHORED: a trusted time-stamp shows that this leaf existed at {at}, by {authority}",
    ),
    # why invalid
    "no_receipt": ("不是存证回执，或已损坏。", "It is no receipt, or it is damaged."),
    "bad_checkpoint": ("检查点格式损坏。", "The checkpoint is malformed."),
    "bad_extra": ("附带内容格式损坏。", "What the receipt carries beside is malformed."),
    "no_entry": ("回执没有带上记录本身。", "The receipt does not carry the leaf itself."),
    "other_entry": ("回执里是另一条记录。", "The receipt is of another leaf."),
    "not_included": (
        "按它自己的证明，这条记录不在日志里。",
        "By its own proof, the leaf is not in the log.",
    ),
    "bad_leaf": ("记录不符合格式。", "The leaf does not have the form of a leaf."),
    "bad_opening": (
        "所附的内容与记录中的承诺不符。",
        "A value that it carries is not the one that the leaf commits to.",
    ),
    "bad_anchor": ("所附的锚定不成立。", "An anchor that it carries does not hold."),
    "bad_signature": ("有签名不成立。", "A signature does not hold."),
    "unsigned": ("日志的密钥没有签过它。", "It is not signed with the log's key."),
    "unknown_log": (
        "不是你信任的日志（策略文件里没有）。",
        "It is of a log that your policy does not know.",
    ),
    "other_seal": (
        "回执不是这份卷宗的：摘要不同。",
        "The receipt is not of this case file: the digests differ.",
    ),
    # why nobody vouches for it
    "no_policy": (
        "没有指定信任的日志与见证方，不知道签名的密钥是谁的。用 --policy 指定后再验。",
        "The log's key is not known: no policy was given. Name it with --policy.",
    ),
    "no_witness": ("没有你信任的见证方的签名。", "No witness of your policy has signed it."),
    "same_operator": (
        "见证方都由运营者自己运行（同一运营者）。",
        "All its witnesses are run by the operator itself (same operator).",
    ),
    "one_organisation": (
        "与运营者无关的见证方只来自一个机构，需要两个。",
        "Its independent witnesses are of one organisation; two are needed.",
    ),
    "no_quorum": (
        "见证方不足策略要求的数量。",
        "The witnesses are fewer than your policy asks for.",
    ),
    # anchors
    "anchor_kind": ("锚定种类在此不认识", "an anchor of a kind that is not known here"),
    "anchor_online": (
        "链上锚定离线无法核对，请自行查询",
        "a transaction cannot be checked offline; look it up",
    ),
    "rfc3161": ("时间戳", "time-stamp"),
    "evm": ("链上交易", "transaction on a chain"),
    # labels
    "log_part": ("公共日志：", "Public log:"),
    "log_origin": ("日志", "log"),
    "log_place": (
        "第 {index} 条，检查点共 {size} 条",
        "leaf number {index}, in a checkpoint of {size}",
    ),
    "leaf_hash": ("记录摘要", "leaf hash"),
    "leaf": ("记录", "leaf"),
    "opened": ("已核对的原值", "opened values"),
    "witness": ("见证方", "witness"),
    "auditor": ("审计方", "auditor"),
    "label_same_operator": ("同一运营者，不作数", "same operator, does not count"),
    "anchor": ("锚定", "anchor"),
    # not proven
    "np_log_truth": (
        "记录所说是否属实：只证明它在日志里，没有被改。",
        "that what the leaf says is true: only that it is in the log, unchanged;",
    ),
    "np_log_all": (
        "发生的事是否都记进了日志。",
        "that everything that happened was logged;",
    ),
    "np_log_who": ("代号背后是谁。", "who is behind a pseudonym;"),
    "np_log_key": (
        "这是不是你以为的那份日志：密钥未经核对。",
        "that this is the log that you mean: its key was not checked;",
    ),
    "np_log_split": (
        "运营者给所有人看的是不是同一份日志，历史有没有被改写。",
        "that the operator shows everybody the same log, and has not rewritten it;",
    ),
    "np_log_rules": (
        "整份日志是否每条都合乎规则：没有独立审计方查过。",
        "that all other leaves keep the rules: no independent auditor has read them;",
    ),
    "np_log_when": (
        "何时记录：没有可信时间戳，记录里的时间是服务器自己的。",
        "when it was recorded: without a trusted time-stamp that is the server's own word;",
    ),
    # promises
    "no_promise": ("不是日志的承诺，或已损坏。", "It is no promise of a log, or it is damaged."),
    "promise_invalid": (
        "无效（INVALID）：这份承诺不成立。",
        "INVALID: this promise does not hold.",
    ),
    "PROMISE_UNCHECKED": (
        "承诺（未核对签名）：自称最迟 {at} 把这条记录写进日志；用 --policy 指定日志密钥后再验。",
        "PROMISE, signature not checked: it says that the leaf will be in the log by {at}; name "
        "the log's key with --policy.",
    ),
    "PROMISED": (
        "已承诺（PROMISED）：日志签名承诺，最迟 {at} 把这条记录写进日志。过了期限，"
        "用 --tiles 指定导出的日志，看兑现没有。",
        "PROMISED: the log signed that the leaf will be in it by {at}. After that, name an "
        "exported log with --tiles to see whether it was kept.",
    ),
    "PROMISE_KEPT": (
        "已兑现（KEPT）：这条记录是日志的第 {index} 条（检查点共 {size} 条）。",
        "KEPT: the leaf is number {index} of the log (checkpoint of {size}).",
    ),
    "PROMISE_OPEN": (
        "未到期（OPEN）：日志共 {size} 条，还没有这条记录；最新一条的时间是 {seen}，期限是 {at}。",
        "OPEN: the log has {size} leaves, this one not yet; its newest is of {seen}, and the "
        "deadline is {at}.",
    ),
    "PROMISE_BROKEN": (
        "失约（BROKEN）：期限是 {at}，日志里已有 {seen} 的记录，却没有这一条。"
        "这就是运营者失信的证据，请保存并公开：",
        "BROKEN: the deadline was {at}, the log has a leaf of {seen}, and not this one. That is "
        "proof of misbehaviour: keep both, and publish them:",
    ),
    # forks
    "consistent": (
        "一致：两个检查点属于同一份只增不改的日志。",
        "CONSISTENT: both checkpoints are of one log that only grew.",
    ),
    "fork": (
        "分叉（FORK）：日志签了两份互相矛盾的检查点。这就是运营者作假的证据，请保存并公开：",
        "FORK: the log signed two checkpoints that contradict each other. That is proof of "
        "misbehaviour: keep both, and publish them:",
    ),
    "fork_unsigned": (
        "互相矛盾，但签名未经核对（没有用 --policy 指定日志密钥），还不是证据：",
        "They contradict each other, but the signatures were not checked (name the log's key with "
        "--policy), so this is no proof yet:",
    ),
    "undecided": ("无法判断。", "UNDECIDED."),
    "other_log": ("两个检查点属于不同的日志。", "The checkpoints are of different logs."),
    "need_tiles": (
        "大小不同，需要日志的数据块才能核对：用 --tiles 指定导出的文件夹。",
        "Their sizes differ, so the log's tiles are needed: name an exported folder with --tiles.",
    ),
    "bad_tiles": (
        "数据块不完整，或与较大的检查点不符：",
        "The tiles are not whole, or not those of the larger checkpoint: ",
    ),
    "bad_policy": ("策略文件读不出来：", "The policy cannot be read: "),
}
WORDS |= LOG_WORDS | ORDER_WORDS

NOT_PROVEN = ("np_truth", "np_before", "np_author", "np_when", "np_complete", "np_law")


def say(key: str, language: str) -> str:
    """The sentence of ``key``; a key that is none (a line number, a name) is itself."""
    pair = WORDS.get(key)
    return key if pair is None else pair[LANGUAGES.index(language)]


def plain(text: str) -> str:
    """``text`` fit for a terminal: no control, direction or invisible characters."""
    return "".join(ch if ch.isprintable() else f"\\u{{{ord(ch):x}}}" for ch in text)
