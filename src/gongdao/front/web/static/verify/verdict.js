// The judgement about a receipt, in the codes of `gongdao-verify --json` (log_verdict.py).

import { Bad, equal, hex } from "./bytes.js";
import { readPem } from "./certificate.js";
import { as, check, judgeAnchor, parseExtra, readCheckpoint } from "./extra.js";
import { commitment, parseLeaf } from "./leaf.js";
import { verifyNote } from "./note.js";
import { isQuorum, keysAt, parsePolicy } from "./policy.js";
import { parseProof } from "./proof.js";
import { leafHash, rootFromInclusion } from "./tree.js";

const findLog = async ({ note, origin, size }, policy) => {
  if (!policy) return null;
  const log = policy.logs.get(origin);
  check(log, "unknown_log");
  check((await as("bad_signature", () => verifyNote(note, keysAt(log, size)))).length, "unsigned");
  return log;
};

const findWitnesses = async (note, policy, log) => {
  const known = [...policy.witnesses.values()];
  const held = await as("bad_signature", () => verifyNote(note, known.map((one) => one.key)));
  return held.map(({ key, at }) => {
    const witness = known.find((one) => one.key === key);
    check(at <= 253402300799n, "bad_signature");
    return {
      name: witness.name,
      organisation: witness.organisation || null,
      at: `${new Date(1000 * Number(at)).toISOString().slice(0, 19)}Z`,
      same_operator: ["", log.organisation].includes(witness.organisation),
      auditor: witness.auditor,
    };
  });
};

const ordered = (values) => [...new Set(values)].sort();

const lackOf = ({ witnesses, organisations }, policy) => {
  if (!witnesses.length) return "no_witness";
  if (!organisations.length) return "same_operator";
  if (organisations.length < 2) return "one_organisation";
  return isQuorum(policy, witnesses.map((one) => one.name)) ? null : "no_quorum";
};

const grade = async (verdict, note, policy, log) => {
  verdict.witnesses = await findWitnesses(note, policy, log);
  const outside = verdict.witnesses.filter((one) => !one.same_operator);
  verdict.organisations = ordered(outside.map((one) => one.organisation));
  verdict.reason = lackOf(verdict, policy);
  verdict.witnessed = !verdict.reason;
  verdict.audited = verdict.witnessed && outside.some((one) => one.auditor);
  if (verdict.anchors.length) verdict.state = "ANCHORED";
  else if (verdict.witnessed) verdict.state = verdict.audited ? "AUDITED" : "WITNESSED";
};

const unproven = (verdict) => {
  const open = {
    np_log_key: !verdict.log_known,
    np_log_split: !verdict.witnessed,
    np_log_rules: !verdict.audited,
    np_log_when: !verdict.anchors.length,
    np_revoked: verdict.anchors.length,
  };
  return ["np_log_truth", "np_log_all", "np_log_who", ...Object.keys(open).filter((key) => open[key])];
};

const NOTHING = {
  version: 1, state: "INVALID", exit_code: 1, reason: null, origin: null, size: null, root: null, index: null,
  leaf_hash: null, leaf: null, opened: {}, log_known: false, witnesses: [], organisations: [], witnessed: false,
  audited: false, anchors: [], stamps: [], not_proven: [],
};

const judge = async (proof, policy, roots) => {
  const { note, ...checkpoint } = await readCheckpoint(proof.checkpoint);
  const { entry, openings, anchors } = parseExtra(proof.extra);
  check(entry, "no_entry");
  const hash = await leafHash(entry);
  const root = await as("not_included", () => rootFromInclusion(proof.index, checkpoint.size, hash, proof.path));
  check(equal(root, checkpoint.root), "not_included");
  const log = await findLog({ note, ...checkpoint }, policy);
  const { t, sub, prev, at, d } = parseLeaf(entry);
  const verdict = {
    ...NOTHING, state: "CONSISTENT_UNWITNESSED", exit_code: 0, reason: "no_policy", origin: checkpoint.origin,
    size: Number(checkpoint.size), root: hex(root), index: Number(proof.index), leaf_hash: hex(hash),
    leaf: { type: t, subject: sub, prev, at, data: d }, opened: {}, log_known: log !== null, stamps: [],
  };
  for (const anchor of anchors) {
    const seen = as("bad_anchor", () => judgeAnchor(anchor, checkpoint, proof.index, log, roots));
    verdict.stamps.push(await seen);
  }
  verdict.anchors = ordered(verdict.stamps.filter((one) => one.trusted).map((one) => one.kind));
  for (const [name, { salt, value }] of Object.entries(openings)) {
    check(d[name] === (await commitment(salt, value)), "bad_opening");
    verdict.opened[name] = value;
  }
  if (log) await grade(verdict, note, policy, log);
  verdict.not_proven = unproven(verdict);
  return verdict;
};

// The verdict about the bytes of a receipt. `policy` is a policy's text, `roots` certificates in
// PEM; both may be empty. Throws Bad where the bytes are no receipt at all, or the policy is none.
export const judgeReceipt = async (bytes, { policy = "", roots = "" } = {}) => {
  const trusted = policy ? await as("bad_policy", () => parsePolicy(policy)) : null;
  const pinned = await as("bad_roots", () => readPem(roots));
  const proof = await as("no_receipt", () => parseProof(bytes));
  try {
    return await judge(proof, trusted, pinned);
  } catch (error) {
    if (error instanceof Bad) return { ...NOTHING, reason: error.code };
    throw error;
  }
};
