// Certificates of time-stamping authorities: read, and followed up to a root that the reader named.

import { Bad, Unable, equal, fromBase64, fromUtf8, hex } from "./bytes.js";
import { child, children, expect, instant, integer, objectId, readDer } from "./der.js";
import { Doubt, verifySigned } from "./signed.js";

const BASIC = "551d13";
const USAGE = "551d0f";
const PURPOSE = "551d25";
export const KEY_ID = "551d0e";
const UNDERSTOOD = [BASIC, USAGE, PURPOSE, KEY_ID, "551d20", "551d23", "551d11"];
const STAMPING = "2b06010505070308";

const readExtensions = (node) => {
  const found = new Map();
  for (const one of node ? children(child(node, 0, 0x30)) : []) {
    const parts = children(one, 0x30);
    const critical = parts.length === 3 && expect(parts[1], 1).body[0] === 255;
    if (parts.length !== (critical ? 3 : 2)) throw new Bad("stamp_form");
    found.set(objectId(parts[0]), { critical, value: expect(parts[parts.length - 1], 4).body });
  }
  return found;
};

// Common name, else organisation.
const nameOf = (name) => {
  const found = {};
  for (const one of children(name, 0x30).flatMap((set) => children(set, 0x31))) {
    const [id, value] = [objectId(child(one, 0)), child(one, 1)];
    const text = value.tag === 0x1e ? new TextDecoder("utf-16be").decode(value.body) : fromUtf8(value.body, "stamp_form");
    if (!(id in found)) found[id] = text;
  }
  return found["550403"] || found["55040a"] || "";
};

export const readCertificate = (raw) => {
  const [tbs, algorithm, signature] = children(readDer(raw), 0x30);
  const parts = children(tbs, 0x30);
  if (parts[0].tag === 0xa0 && integer(child(parts[0], 0)) !== 2n) throw new Bad("stamp_form");
  const [serial, , issuer, validity, subject, key] = parts.slice(parts[0].tag === 0xa0 ? 1 : 0);
  const [from, to] = children(validity, 0x30).map((one) => instant(one).ms);
  const extensions = readExtensions(parts.find((one) => one.tag === 0xa3));
  objectId(child(child(key, 0, 0x30), 0));
  nameOf(issuer);
  return {
    raw, tbs: tbs.raw, algorithm, signature: expect(signature, 3).body.slice(1), serial, issuer, subject, key,
    from, to, extensions, authority: nameOf(subject),
  };
};

export const readPem = (text) => {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) || [];
  return blocks.map((block) => readCertificate(fromBase64(block.replace(/-----[^-]+-----|\s/g, ""), "bad_roots")));
};

const basicOf = ({ extensions }) => {
  if (!extensions.has(BASIC)) return null;
  const parts = children(readDer(extensions.get(BASIC).value), 0x30);
  const length = parts.find((one) => one.tag === 2);
  return { ca: parts.some((one) => one.tag === 1 && one.body[0]), length: length ? Number(`0x${hex(length.body)}`) : null };
};
const usageOf = ({ extensions }) =>
  extensions.has(USAGE) ? (readDer(extensions.get(USAGE).value).body[1] || 0) : null;
const purposesOf = ({ extensions }) =>
  extensions.has(PURPOSE) ? children(readDer(extensions.get(PURPOSE).value), 0x30).map(objectId) : null;
const understood = ({ extensions }) =>
  [...extensions].every(([id, { critical }]) => !critical || UNDERSTOOD.includes(id));
const valid = ({ from, to }, ms) => from <= ms && ms <= to;

const checkPurpose = (signer) => {
  const purposes = purposesOf(signer);
  const only = purposes && purposes.length === 1 && purposes[0] === STAMPING;
  if (!only || !signer.extensions.get(PURPOSE).critical) throw new Doubt("purpose");
  const usage = usageOf(signer);
  if (usage !== null && !(usage & 0xc0)) throw new Doubt("purpose");
  if (!understood(signer)) throw new Doubt("bad_certificate");
};

const mayIssue = (upper, below) => {
  const [basic, usage, purposes] = [basicOf(upper), usageOf(upper), purposesOf(upper)];
  if (!basic || !basic.ca || (basic.length !== null && basic.length < below)) return false;
  const stamps = !purposes || purposes.includes(STAMPING) || purposes.includes("551d2500");
  return (usage === null || Boolean(usage & 4)) && stamps && understood(upper);
};

const issued = async (upper, lower) => {
  try {
    return await verifySigned(upper, lower.algorithm, "", lower.tbs, lower.signature);
  } catch (error) {
    if (error instanceof Unable) throw error;
    return false;
  }
};

const climb = async (lower, others, roots, ms, depth, steps) => {
  if (roots.some((root) => equal(root.raw, lower.raw))) return true;
  for (const upper of [...roots, ...others]) {
    steps.count += 1;
    if (depth >= 6 || steps.count > 64) return false;
    if (!equal(upper.subject.raw, lower.issuer.raw) || !valid(upper, ms)) continue;
    if (!mayIssue(upper, depth) || !(await issued(upper, lower))) continue;
    if (await climb(upper, others, roots, ms, depth + 1, steps)) return true;
  }
  return false;
};

// Throws Doubt unless a pinned root vouches for `signer` at that time.
export const checkChain = async (signer, others, roots, ms) => {
  let held;
  try {
    checkPurpose(signer);
    held = await climb(signer, others, roots, ms, 0, { count: 0 });
  } catch (error) {
    if (error instanceof Bad || error instanceof TypeError) throw new Doubt("bad_certificate");
    throw error;
  }
  if (!held) throw new Doubt("no_chain");
  if (!valid(signer, ms)) throw new Doubt("expired");
};
