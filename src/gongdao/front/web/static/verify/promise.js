// A log's signed promise, as gongdao-verify judges it without the log's tiles (promise.py).

import { Bad } from "./bytes.js";
import { as, check } from "./extra.js";
import { parseNote, verifyNote } from "./note.js";
import { parsePolicy } from "./policy.js";

const FORM = /^gongdao-promise\/v1\n([^\s+]+)\n([0-9a-f]{64})\n(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n$/u;

export const isPromise = (bytes) => new TextDecoder().decode(bytes.slice(0, 19)) === "gongdao-promise/v1\n";

const findSigner = async (note, origin, { logs }) => {
  const log = logs.get(origin);
  check(log, "unknown_log");
  check((await as("bad_signature", () => verifyNote(note, log.keys))).length, "unsigned");
};

// {state, exit_code, reason, origin, leaf_hash, deadline}; throws Bad where it is no promise at all.
export const judgePromise = async (bytes, { policy = "" } = {}) => {
  const trusted = policy ? await as("bad_policy", () => parsePolicy(policy)) : null;
  const note = await as("no_promise", () => parseNote(bytes));
  const [, origin, hash, deadline] = FORM.exec(note.text) || [];
  const at = new Date(deadline);
  check(origin && !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 19) === deadline.slice(0, 19), "no_promise");
  const told = { state: "PROMISE_UNCHECKED", exit_code: 0, reason: null, origin, leaf_hash: hash, deadline };
  if (!trusted) return told;
  try {
    await findSigner(note, origin, trusted);
    return { ...told, state: "PROMISED" };
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { ...told, state: "INVALID", exit_code: 1, reason: error.code };
  }
};
