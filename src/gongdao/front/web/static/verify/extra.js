// What a receipt carries beside its proof, which nobody has signed: the leaf, openings, anchors
// (receipt_extra.py, log_anchors.py).

import { Bad, equal, fromBase64, fromHex, utf8 } from "./bytes.js";
import { isObject, parseCanonical } from "./leaf.js";
import { parseCheckpoint, parseNote, verifyNote } from "./note.js";
import { keysAt } from "./policy.js";
import { checkToken } from "./stamp.js";
import { checkConsistency } from "./tree.js";

export const check = (fine, code) => {
  if (!fine) throw new Bad(code);
};

// Whatever goes wrong inside is this one thing to the reader.
export const as = async (code, deed) => {
  try {
    return await deed();
  } catch (error) {
    throw error instanceof Bad && error.code !== "bad_extra" ? new Bad(code) : error;
  }
};

const readHex = (value, length) => {
  check(typeof value === "string" && value.length === 2 * length && /^[0-9a-f]*$/.test(value), "bad_extra");
  return fromHex(value);
};

export const readCheckpoint = (bytes) =>
  as("bad_checkpoint", () => {
    const note = parseNote(bytes);
    return { note, ...parseCheckpoint(note.text) };
  });

export const parseExtra = (bytes) => {
  const found = bytes ? parseCanonical(bytes, "bad_extra") : { v: 1 };
  check(isObject(found) && found.v === 1, "bad_extra");
  const { entry = null, openings = {}, anchors = [] } = found;
  check(entry === null || typeof entry === "string", "bad_extra");
  check(isObject(openings) && Object.keys(openings).length <= 64, "bad_extra");
  for (const one of Object.values(openings)) {
    check(isObject(one) && Object.keys(one).join() === "salt,value", "bad_extra");
    readHex(one.salt, 32);
  }
  check(Array.isArray(anchors) && anchors.length <= 16 && anchors.every(isObject), "bad_extra");
  return { entry: entry === null ? null : fromBase64(entry, "bad_extra"), openings, anchors };
};

const checkPlace = async (anchor, checkpoint, index, log) => {
  check(typeof anchor.checkpoint === "string", "bad_anchor");
  const anchored = await readCheckpoint(utf8(anchor.checkpoint));
  if (log) check((await verifyNote(anchored.note, keysAt(log, anchored.size))).length, "bad_anchor");
  const root = readHex(anchor.root, 32);
  const { consistency = [], size } = anchor;
  check(typeof size === "number" && BigInt(size) === anchored.size && equal(root, anchored.root), "bad_anchor");
  check(anchored.origin === checkpoint.origin && index < anchored.size, "bad_anchor");
  check(Array.isArray(consistency) && consistency.length <= 64, "bad_anchor");
  const [old, grown] = anchored.size < checkpoint.size ? [anchored, checkpoint] : [checkpoint, anchored];
  const path = consistency.map((one) => readHex(one, 32));
  await checkConsistency(old.size, old.root, grown.size, grown.root, path);
  return anchored;
};

// The anchor as it is told in the verdict; throws where it does not hold.
export const judgeAnchor = async (anchor, checkpoint, index, log, roots) => {
  const { kind = null, chain_id: chain, block, tx, token } = anchor;
  const seen = { kind, size: 0, trusted: false, reason: null, at: null, authority: null, reference: null };
  if (kind !== "rfc3161" && kind !== "evm") {
    return { ...seen, kind: String(kind === null ? "None" : kind).slice(0, 32), reason: "anchor_kind" };
  }
  const anchored = await checkPlace(anchor, checkpoint, index, log);
  seen.size = Number(anchored.size);
  if (kind === "evm") {
    check([chain, block].every((one) => Number.isInteger(one) && one >= 0), "bad_anchor");
    check(typeof tx === "string" && /^0x[0-9a-f]{64}$/.test(tx), "bad_anchor");
    return { ...seen, reason: "anchor_online", reference: `${chain}/${block}/${tx}` };
  }
  check(typeof token === "string", "bad_anchor");
  const stamp = await checkToken(fromBase64(token, "bad_anchor"), utf8(anchored.note.text), roots);
  const [reason, authority] = [stamp.reason || null, stamp.authority || null];
  return { ...seen, trusted: stamp.trusted, reason, at: stamp.at, authority };
};
