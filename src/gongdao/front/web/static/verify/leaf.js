// Canonical JSON (RFC 8785, whole numbers only) and the form of our leaves (log-leaf.md).

import { Bad, fromHex, fromUtf8, hex, sha256, utf8 } from "./bytes.js";

const TYPE = /^([a-z][a-z0-9_]{0,31})\.[a-z][a-z0-9_]{0,31}$/;
const SUBJECT = /^([a-z][a-z0-9_]{0,31}):[0-9a-f]{32}$/;
const HASH = /^[0-9a-f]{64}$/;
const AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const refuse = (code) => {
  throw new Bad(code);
};

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// The one text of a value; refuses fractions, numbers of 2^53 or more, halves of characters.
export const canonical = (value, code, deep = 32) => {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : refuse(code);
  if (typeof value === "string") {
    return /[\ud800-\udfff]/u.test(value) ? refuse(code) : JSON.stringify(value);
  }
  if (deep <= 0) refuse(code);
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, code, deep - 1)).join()}]`;
  const pairs = Object.keys(value).sort();
  return `{${pairs.map((key) => `${canonical(key, code)}:${canonical(value[key], code, deep - 1)}`).join()}}`;
};

export const parseCanonical = (bytes, code) => {
  const text = fromUtf8(bytes, code);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(code);
  }
  return canonical(value, code) === text ? value : refuse(code);
};

const checkData = (value, deep) => {
  if (typeof value === "string") {
    if (utf8(value).length > 512 || /[\0-\x1f\x7f-\x9f]/.test(value)) refuse("bad_leaf");
  } else if (value !== null && typeof value === "object") {
    const named = Array.isArray(value) || Object.keys(value).every((key) => /^[a-z][a-z0-9_]{0,63}$/.test(key));
    if (deep <= 0 || !named) refuse("bad_leaf");
    for (const one of Object.values(value)) checkData(one, deep - 1);
  }
};

const isTime = (text) => {
  if (!AT.test(text) || text.startsWith("0000")) return false;
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text;
};

// {at, d, prev, sub, t, v} of an entry; throws unless every rule of the form holds.
export const parseLeaf = (entry) => {
  if (entry.length > 4096) refuse("bad_leaf");
  const leaf = parseCanonical(entry, "bad_leaf");
  if (!isObject(leaf) || Object.keys(leaf).join() !== "at,d,prev,sub,t,v" || leaf.v !== 1) refuse("bad_leaf");
  const [type, subject] = [TYPE.exec(leaf.t), SUBJECT.exec(leaf.sub)];
  if (![leaf.t, leaf.sub, leaf.at].every((one) => typeof one === "string")) refuse("bad_leaf");
  if (!type || !subject || type[1] !== subject[1]) refuse("bad_leaf");
  if (type[1] === "log" && !/^log:0{32}$/.test(leaf.sub)) refuse("bad_leaf");
  if (leaf.prev !== null && !(typeof leaf.prev === "string" && HASH.test(leaf.prev))) refuse("bad_leaf");
  if (!isTime(leaf.at) || !isObject(leaf.d)) refuse("bad_leaf");
  checkData(leaf.d, 3);
  return leaf;
};

// What a leaf says instead of `value`: 64 hex digits.
export const commitment = async (salt, value) =>
  hex(await sha256(utf8("gongdao-commit/v1\0"), fromHex(salt), utf8(canonical(value, "bad_opening"))));
