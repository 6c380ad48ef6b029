// Whom the reader trusts: logs, witnesses, and how many of them (C2SP tlog-policy), with our marks
// `#org=NAME`, `#auditor` and `#since=SIZE` in comments.

import { Bad, equal } from "./bytes.js";
import { COSIGNATURE, parseKey } from "./note.js";

const SIZE = /^(0|[1-9][0-9]{0,18})$/;

const check = (fine) => {
  if (!fine) throw new Bad("bad_policy");
};
const isMark = (word) => word === "#auditor" || /^#org=./.test(word) || word.startsWith("#since=");

// The keys of a log that may sign a tree of `size` leaves: those with the newest beginning below it.
export const keysAt = ({ keys, since }, size) => {
  const begun = since.filter((one) => one < BigInt(size) || !one);
  const newest = begun.reduce((most, one) => (one > most ? one : most), -1n);
  return keys.filter((_key, n) => since[n] === newest);
};

export const parsePolicy = async (text) => {
  const [logs, witnesses, groups] = [new Map(), new Map(), new Map()];
  const [members, keys] = [new Set(), []];
  let quorum = null;
  let last = null;
  const known = (name) => witnesses.has(name) || groups.has(name);
  const key = async (vkey, of, kinds) => {
    const found = await parseKey(vkey);
    check(kinds.includes(found.kind) && !keys.some((one) => one.of === of && equal(one.raw, found.raw)));
    keys.push({ of, raw: found.raw });
    return found;
  };
  const define = async ([what, name, count, ...more]) => {
    last = null;
    if (what === "log" && name && !more.length) {
      const found = await key(name, what, [1, 2, 5, 6]);
      last = logs.get(found.name) || { keys: [], since: [], organisation: "" };
      last.keys.push(found); // one that changed its key has several
      last.since.push(0n);
      logs.set(found.name, last);
    } else if (what === "witness" && count && more.length < 2) {
      check(name !== "none" && !known(name));
      last = { name, key: await key(count, what, [COSIGNATURE, 6]), organisation: "", auditor: false };
      witnesses.set(name, last);
    } else if (what === "group" && more.length) {
      check(name !== "none" && !known(name));
      for (const member of more) {
        check(known(member) && !members.has(member));
        members.add(member);
      }
      const needed = { any: 1, all: more.length }[count] || (/^[1-9][0-9]{0,3}$/.test(count) ? Number(count) : 0);
      check(needed >= 1 && needed <= more.length);
      groups.set(name, { needed, members: more });
    } else {
      check(what === "quorum" && name && !count && quorum === null && (name === "none" || known(name)));
      quorum = name;
    }
  };
  check(text.length <= 1 << 20 && text.split("\n").length <= 1001);
  for (const line of text.split("\n")) {
    check(!/[\0-\x08\x0b-\x1f\x7f]/.test(line));
    const words = line.split(/[ \t]+/).filter(Boolean);
    const plain = words.findIndex((word) => word.startsWith("#"));
    const marks = plain < 0 ? [] : words.splice(plain);
    if (words.length) await define(words);
    if (!marks.every(isMark)) {
      check(!words.length);
      continue;
    }
    for (const mark of marks) {
      check(last && (mark !== "#auditor" || "auditor" in last));
      if (mark === "#auditor") last.auditor = true;
      else if (mark.startsWith("#since=")) {
        const size = mark.slice(7);
        check("since" in last && SIZE.test(size) && BigInt(size) < 1n << 63n);
        last.since[last.since.length - 1] = BigInt(size);
      }
      else last.organisation = mark.slice(5);
    }
  }
  check(quorum !== null);
  return { logs, witnesses, groups, quorum };
};

// Whether the witnesses with these names make the quorum.
export const isQuorum = ({ groups, quorum }, names) => {
  const there = new Set(names);
  for (const [name, { needed, members }] of groups) {
    if (members.filter((member) => there.has(member)).length >= needed) there.add(name);
  }
  return quorum === "none" || there.has(quorum);
};
