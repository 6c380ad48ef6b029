// The Merkle tree of RFC 6962: from a leaf up to the root, and from an old root to a new one.

import { Bad, equal, sha256 } from "./bytes.js";

export const leafHash = (entry) => sha256(Uint8Array.of(0), entry);
export const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

const check = (fine) => {
  if (!fine) throw new Bad("bad_proof");
};

// The root of the tree of `size` leaves in which `leaf` stands at `index`; the numbers are BigInt.
export const rootFromInclusion = async (index, size, leaf, path) => {
  check(index < size && [leaf, ...path].every((one) => one.length === 32));
  let [at, last, hash] = [index, size - 1n, leaf];
  for (const other of path) {
    check(last > 0n);
    if (at & 1n || at === last) {
      hash = await nodeHash(other, hash);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = await nodeHash(hash, other);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  check(last === 0n);
  return hash;
};

// Throws unless the tree of `newSize` leaves begins with that of `oldSize` (RFC 9162, 2.1.4.2).
export const checkConsistency = async (oldSize, oldRoot, newSize, newRoot, path) => {
  check(oldSize > 0n && oldSize <= newSize);
  check([oldRoot, newRoot, ...path].every((one) => one.length === 32));
  if (oldSize === newSize) return check(!path.length && equal(oldRoot, newRoot));
  const rest = oldSize & (oldSize - 1n) ? [...path] : [oldRoot, ...path];
  check(rest.length);
  let [at, last] = [oldSize - 1n, newSize - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let old = rest[0];
  let whole = rest[0];
  for (const other of rest.slice(1)) {
    check(last > 0n);
    if (at & 1n || at === last) {
      [old, whole] = [await nodeHash(other, old), await nodeHash(other, whole)];
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      whole = await nodeHash(whole, other);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return check(last === 0n && equal(old, oldRoot) && equal(whole, newRoot));
};
