// DER, the byte form of certificates and time-stamps: one-byte tags, shortest lengths, nothing left
// over. Object identifiers are compared as the hex of their bytes.

import { Bad, hex } from "./bytes.js";

const check = (fine) => {
  if (!fine) throw new Bad("stamp_form");
};

const take = (data) => {
  check(data.length > 1 && (data[0] & 31) !== 31);
  let [length, start] = [data[1], 2];
  if (length >= 128) {
    start += length & 127;
    const digits = data.subarray(2, start);
    length = digits.reduce((number, byte) => number * 256 + byte, 0);
    check(start > 2 && start < 7 && length >= 128 && digits[0]);
  }
  check(start + length <= data.length);
  const raw = data.subarray(0, start + length);
  return { tag: data[0], body: raw.subarray(start), raw };
};

export const expect = (node, tag) => {
  check(node && node.tag === tag);
  return node;
};

export const children = (node, tag = node.tag) => {
  const found = [];
  for (let rest = expect(node, tag).body; rest.length; ) {
    found.push(take(rest));
    rest = rest.subarray(found[found.length - 1].raw.length);
  }
  return found;
};

export const child = (node, number, tag) => {
  const one = children(node)[number];
  check(one && (tag === undefined || one.tag === tag));
  return one;
};

export const readDer = (data) => {
  const node = take(data);
  check(data.length <= 1 << 20 && node.raw.length === data.length);
  return node;
};

export const objectId = (node) => {
  const { body } = expect(node, 6);
  check(body.length && body[body.length - 1] < 128);
  return hex(body);
};

export const integer = (node) => {
  const { body } = expect(node, 2);
  check(body.length);
  return BigInt.asIntN(8 * body.length, BigInt(`0x${hex(body)}`));
};

// A time in UTC: {ms, text}, the text in whole seconds.
export const instant = (node) => {
  const written = String.fromCharCode(...(node.body.length < 64 ? node.body : []));
  const short = node.tag === 0x17 ? (written < "5" ? "20" : "19") + written : written;
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(short);
  check(found && (node.tag === 0x17 || node.tag === 0x18));
  const [year, month, day, hour, minute, second] = found.slice(1);
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${text}.000Z`);
  check(!Number.isNaN(ms) && new Date(ms).toISOString() === `${text}.000Z` && year !== "0000");
  return { ms: ms + 1000 * Number(`0${found[7] || ""}`), text: `${text}Z` };
};
