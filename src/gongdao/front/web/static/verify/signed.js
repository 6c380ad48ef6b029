// Signatures with the keys of certificates: RSA, ECDSA or Ed25519 with SHA-2, as timestamp.py has it.

import { Unable, fromHex, hex, subtle } from "./bytes.js";
import { child, children, expect, integer, objectId, readDer } from "./der.js";

// The time-stamp may be sound but cannot be trusted here; `at` and `authority` are its own words.
export class Doubt extends Error {
  constructor(code, at = null, authority = "") {
    super(code);
    Object.assign(this, { code, at, authority });
  }
}

const HASHES = { "608648016503040201": "SHA-256", "608648016503040202": "SHA-384", "608648016503040203": "SHA-512" };
const RSA = "2a864886f70d0101";
const EC = "2a8648ce3d0403";
const WITH = { "0b": "SHA-256", "0c": "SHA-384", "0d": "SHA-512", "02": "SHA-256", "03": "SHA-384", "04": "SHA-512" };
const CURVES = { "2a8648ce3d030107": ["P-256", 32], "2b81040022": ["P-384", 48], "2b81040023": ["P-521", 66] };
export const hashOf = (algorithm) => {
  const known = HASHES[objectId(child(algorithm, 0))];
  if (!known) throw new Doubt("algorithm");
  return known;
};

const pss = (parameters) => {
  const found = { salt: 20n };
  for (const part of children(expect(parameters, 0x30))) {
    if (part.tag === 0xa0) found.hash = hashOf(child(part, 0));
    else if (part.tag === 0xa1) found.mask = hashOf(child(child(part, 0), 1));
    else if (part.tag === 0xa2) found.salt = BigInt(`0x${hex(child(part, 0, 2).body)}`);
  }
  if (!found.hash || found.mask !== found.hash || found.salt > 512n) throw new Doubt("algorithm");
  return [{ name: "RSA-PSS", hash: found.hash }, { name: "RSA-PSS", saltLength: Number(found.salt) }];
};

// r and s of a DER signature, each as long as the curve wants it; null where it has no such form.
const plainSignature = (signature, length) => {
  try {
    const numbers = children(readDer(signature), 0x30).map((one) => integer(one).toString(16).padStart(2 * length, "0"));
    const fits = numbers.length === 2 && numbers.every((one) => one.length === 2 * length && one[0] !== "-");
    return fits ? fromHex(numbers.join("")) : null;
  } catch {
    return null;
  }
};

const verify = async (certificate, algorithm, digest, message, signature) => {
  const [oid, key] = [objectId(child(algorithm, 0)), children(certificate.key, 0x30)];
  const kind = objectId(child(key[0], 0));
  const named = WITH[oid.slice(-2)];
  let [how, by, sent] = [null, null, signature];
  if (kind === `${RSA}01`) {
    const bits = 8 * (child(readDer(key[1].body.slice(1)), 0, 2).body.length - 1);
    if (bits < 2048) throw new Doubt("algorithm");
    if (oid === `${RSA}0a`) [how, by] = pss(child(algorithm, 1, 0x30));
    else if (oid === `${RSA}01` || (oid.startsWith(RSA) && named)) {
      how = { name: "RSASSA-PKCS1-v1_5", hash: oid === `${RSA}01` ? digest : named };
    }
  } else if (kind === "2a8648ce3d0201" && CURVES[objectId(child(key[0], 1))]) {
    const [namedCurve, length] = CURVES[objectId(child(key[0], 1))];
    how = { name: "ECDSA", namedCurve };
    const hash = oid === "2a8648ce3d0201" ? digest : oid.startsWith(EC) && named;
    by = { name: "ECDSA", hash };
    if (!hash) throw new Doubt("algorithm");
    sent = plainSignature(signature, length);
  } else if (kind === "2b6570" && oid === "2b6570") how = { name: "Ed25519" };
  if (!how) throw new Doubt("algorithm");
  const imported = await subtle().importKey("spki", certificate.key.raw, how, false, ["verify"]);
  return sent !== null && subtle().verify(by || how, imported, sent, message);
};

// Whether `signature` over `message` is by the certificate's key; `digest` where the algorithm
// names none. Throws Doubt for what is not supported here or cannot be read.
export const verifySigned = async (...given) => {
  try {
    return await verify(...given);
  } catch (error) {
    throw error instanceof Unable ? error : new Doubt("algorithm");
  }
};
