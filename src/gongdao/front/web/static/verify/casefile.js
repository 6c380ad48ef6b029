// A case file (case-file.md): its lists and files by SHA-256, and the receipt inside. SM3, and what
// odd zips can hide, is left to gongdao-verify; the page says so.

import { Bad, Unable, fromUtf8, hex, sha256 } from "./bytes.js";

const SEALED = ["index.pdf", "manifest.sha256", "manifest.sm3"];
const OUTSIDE = [...SEALED, "seal.sha256", "seal.tsr", "seal.tlog-proof"];
const SMALL = 16 << 20;

const check = (fine) => {
  if (!fine) throw new Bad("not_a_zip");
};
const read = async (file, start, end) => {
  check(start <= end && end <= file.size);
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
};

// Name → {method, packed, size, start} by the zip's directory.
const readDirectory = async (file) => {
  const end = await read(file, Math.max(0, file.size - 22), file.size);
  const tail = new DataView(end.buffer);
  check(end.length === 22 && tail.getUint32(0, true) === 0x06054b50);
  const start = tail.getUint32(16, true);
  const bytes = await read(file, start, start + tail.getUint32(12, true));
  const view = new DataView(bytes.buffer);
  const entries = new Map();
  for (let at = 0; at < bytes.length; ) {
    check(at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50);
    const names = view.getUint16(at + 28, true);
    const name = fromUtf8(bytes.subarray(at + 46, at + 46 + names), "not_a_zip");
    check(!entries.has(name) && !(view.getUint16(at + 8, true) & 1));
    const [method, packed, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    entries.set(name, { method, packed, size, start: view.getUint32(at + 42, true) });
    at += 46 + names + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
};

const readEntry = async (file, { method, packed, size, start }) => {
  const head = new DataView((await read(file, start, start + 30)).buffer);
  const from = start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const data = await read(file, from, from + packed);
  if (method === 0) return data;
  if (method !== 8 || !globalThis.DecompressionStream) throw new Unable("method");
  check(size <= 64 * SMALL && size <= 1032 * packed + 1024);
  const whole = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(whole).arrayBuffer());
};

// Name → digest of a list as sha256sum writes it.
const parseList = (bytes) => {
  const lines = fromUtf8(bytes, "bad_list").split("\n");
  const pairs = lines.slice(0, -1).map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line));
  if (lines[lines.length - 1] !== "" || pairs.includes(null)) throw new Bad("bad_list");
  return new Map(pairs.map((pair) => [pair[2], pair[1]]));
};

export const isZip = async (file) => hex(await read(file, 0, Math.min(4, file.size))) === "504b0304";

// {receipt (bytes or null), findings, digests, files}; `tell` hears how many files are done.
export const readCaseFile = async (file, tell = () => {}) => {
  const entries = await readDirectory(file);
  const [digests, kept] = [new Map(), new Map()];
  for (const [name, entry] of entries) {
    if (name.endsWith("/") && !entry.size) continue;
    const bytes = await readEntry(file, entry);
    digests.set(name, hex(await sha256(bytes)));
    if (OUTSIDE.includes(name) && bytes.length <= SMALL) kept.set(name, bytes);
    tell(digests.size, entries.size);
  }
  if (!kept.has("seal.sha256") || !kept.has("manifest.sha256")) throw new Bad("no_case_file");
  const [seal, manifest] = ["seal.sha256", "manifest.sha256"].map((name) => parseList(kept.get(name)));
  const findings = [];
  for (const [name, digest] of [...seal, ...manifest]) {
    if (!digests.has(name)) findings.push({ kind: "missing", file: name });
    else if (digests.get(name) !== digest) findings.push({ kind: "changed", file: name });
  }
  if ([...seal.keys()].join() !== SEALED.join()) findings.push({ kind: "bad_list", file: "seal.sha256" });
  for (const name of digests.keys()) {
    if (!manifest.has(name) && !OUTSIDE.includes(name)) findings.push({ kind: "added", file: name });
  }
  return { receipt: kept.get("seal.tlog-proof") || null, findings, digests, files: digests.size };
};

// Whether the leaf says that a case file with these lists was sealed.
export const isOfSeal = (leaf, digests) =>
  leaf.type === "case.sealed" &&
  leaf.data.seal_sha256 === digests.get("seal.sha256") &&
  leaf.data.manifest_sha256 === digests.get("manifest.sha256");
