// Signed notes, the keys that verify them, and the checkpoint inside (C2SP signed-note,
// tlog-checkpoint, tlog-cosignature).

import { Bad, Unable, fromBase64, fromUtf8, hex, sha256, subtle, utf8 } from "./bytes.js";

export const ED25519 = 1;
export const COSIGNATURE = 4;
const ECDSA = 2;
const NAME = /^(?:[^\s+\0-\x1f\x85]|\ufeff)+$/u;

// `name+id+base64(kind, key)`; only the first and the fourth kind are ever verified here.
export const parseKey = async (text) => {
  const found = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/su.exec(text);
  if (!found || text.length > 8192 || !NAME.test(found[1])) throw new Bad("bad_key");
  const raw = fromBase64(found[3], "bad_key");
  const kind = raw[0];
  const fits = kind === ED25519 || kind === COSIGNATURE ? raw.length === 33 : raw.length > 1;
  if (![ED25519, ECDSA, COSIGNATURE, 5, 6].includes(kind) || !fits) throw new Bad("bad_key");
  const named = kind === ECDSA ? [raw.slice(1)] : [utf8(`${found[1]}\n`), raw];
  if (hex((await sha256(...named)).slice(0, 4)) !== found[2]) throw new Bad("bad_key");
  return { name: found[1], id: found[2], kind, raw: raw.slice(1) };
};

// The text with its last line feed, and the signature lines, unverified.
export const parseNote = (bytes) => {
  if (bytes.length > 1 << 20) throw new Bad("bad_note");
  const whole = fromUtf8(bytes, "bad_note");
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || /[\0-\t\v-\x1f]/.test(whole)) throw new Bad("bad_note");
  const lines = whole.slice(end + 2).split("\n");
  if (lines.pop() !== "" || !lines.length || lines.length > 64) throw new Bad("bad_note");
  const signatures = lines.map((line) => {
    const found = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line);
    if (!found || !NAME.test(found[1])) throw new Bad("bad_note");
    const raw = fromBase64(found[2], "bad_note");
    if (raw.length < 5) throw new Bad("bad_note");
    return { name: found[1], id: hex(raw.slice(0, 4)), data: raw.slice(4), line };
  });
  return { text: whole.slice(0, end + 1), signatures };
};

const holds = async (key, signature, message) => {
  let imported;
  try {
    imported = await subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new Unable("no_ed25519");
    return false;
  }
  return subtle().verify({ name: "Ed25519" }, imported, signature, message);
};

// One signature by a key that fits it: seconds since 1970 where it says when, else null; throws
// where it does not hold.
const verifyOne = async (text, key, { data }) => {
  if (key.kind === ED25519) {
    if (data.length === 64 && (await holds(key.raw, data, utf8(text)))) return null;
  } else if (data.length === 72) {
    const at = new DataView(data.buffer, data.byteOffset).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${at}\n${text}`);
    if (await holds(key.raw, data.slice(8), message)) return at;
  }
  throw new Bad("bad_signature");
};

// The signatures by `keys`, each {key, at}, one for each key; those of others mean nothing. A known
// key whose signature does not hold spoils the whole note.
export const verifyNote = async (note, keys) => {
  const held = new Map();
  for (const signature of note.signatures) {
    const key = keys.find((one) => one.name === signature.name && one.id === signature.id);
    if (!key || (key.kind !== ED25519 && key.kind !== COSIGNATURE)) continue;
    const at = await verifyOne(note.text, key, signature);
    if (!held.has(key)) held.set(key, { key, at });
  }
  return [...held.values()];
};

export const parseNumber = (text, code) => {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) >= 1n << 63n) throw new Bad(code);
  return BigInt(text);
};

// Origin, size (BigInt) and root of a checkpoint's text.
export const parseCheckpoint = (text) => {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || lines.includes("")) throw new Bad("bad_checkpoint");
  const root = fromBase64(lines[2], "bad_checkpoint");
  if (root.length !== 32) throw new Bad("bad_checkpoint");
  return { origin: lines[0], size: parseNumber(lines[1], "bad_checkpoint"), root };
};
