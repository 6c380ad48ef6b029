// A receipt: c2sp.org/tlog-proof@v1.

import { Bad, fromBase64, fromUtf8 } from "./bytes.js";
import { parseNumber } from "./note.js";

// {index (BigInt), path, extra (bytes or null), checkpoint (bytes)}; nothing of it is verified.
export const parseProof = (bytes) => {
  const end = bytes.findIndex((byte, at) => byte === 10 && bytes[at + 1] === 10);
  if (end < 0 || bytes.length > 2 << 20) throw new Bad("bad_receipt");
  const lines = fromUtf8(bytes.subarray(0, end), "bad_receipt").split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Bad("bad_receipt");
  let extra = null;
  if (lines.length && lines[0].startsWith("extra ")) {
    extra = fromBase64(lines.shift().slice(6), "bad_receipt");
  }
  if (!lines.length || !lines[0].startsWith("index ")) throw new Bad("bad_receipt");
  const index = parseNumber(lines.shift().slice(6), "bad_receipt");
  const path = lines.map((line) => fromBase64(line, "bad_receipt"));
  if (path.length > 63 || path.some((hash) => hash.length !== 32)) throw new Bad("bad_receipt");
  return { index, path, extra, checkpoint: bytes.slice(end + 2) };
};
