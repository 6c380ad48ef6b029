"""README.txt of a case file: how anyone checks it with common tools, in two languages."""

README = """\
公道卷宗 / Gongdao case file
============================

这个压缩包是一份封存的维权卷宗。先看 index.pdf。
This archive is a sealed case file. Begin with index.pdf.

里面有什么 / What is inside
  index.pdf             索引：概况、证据目录、时间线、清单摘要 / index, with the manifest's digest
  originals/            原始文件，未作改动 / the files as handed in, untouched
  case.toml             提交者的陈述 / the submitter's statement
  report.json           检查报告 / the report
  timeline.csv          时间线 / timeline
  evidence-list.csv     证据目录：编号、来源、证明内容、原件或复制件、摘要 / numbered evidence list
  letters/              文书，TXT 与 DOCX / letters
  manifest.sha256       清单：每个文件的 SHA-256 / manifest
  manifest.sm3          清单：每个文件的 SM3 / the same with SM3
  seal.sha256           封印：两份清单与索引的 SHA-256 / the seal, over both manifests and the index
  seal.tsr              可能有：RFC 3161 时间戳 / perhaps: a time-stamp over the seal
  seal.tlog-proof       可能有：透明日志的存证回执 / perhaps: a public log's receipt of the seal

怎样核对 / How to check
  1. 解压，在文件夹里打开终端。/ Unpack, open a terminal in the folder.
  2. sha256sum -c manifest.sha256
     sha256sum -c seal.sha256
     cksum -a sm3 -c manifest.sm3          (coreutils 9 或更新 / or newer)
  3. 用你自己信任的根证书 / With a root certificate that you trust yourself:
     openssl ts -verify -data seal.sha256 -in seal.tsr -CAfile ROOTS.pem
  4. 不解压直接核对，还能发现多出的文件 / Without unpacking, and added files are found as well:
     gongdao-verify FILE.zip --tsa-roots ROOTS.pem --policy POLICY.txt

没有证明什么 / What this does not prove
  只证明封存之后没有变动。不证明内容属实、封存前未经编辑、由谁制作、材料齐全。
  没有可信时间戳或有人见证的存证回执时，也不证明何时封存：任何人都可以重新封存一份。
  It shows only that nothing changed since the seal. It does not show that the content is true,
  was not edited before, who made it, or that nothing was left out. Without a trusted time-stamp
  or a witnessed receipt it does not show when it was sealed either: anybody could have sealed it
  anew.

originals/ 里可能有卡密与个人信息，转交前请想清楚。
originals/ may hold card secrets and personal data: think before you pass this on.
"""
"""The text, the same in every case file; UTF-8."""
