// RFC 3161: an authority's signed word that a digest existed at a time. As timestamp.py has it.

import { Bad, equal, subtle } from "./bytes.js";
import { KEY_ID, checkChain, readCertificate } from "./certificate.js";
import { child, children, expect, instant, integer, objectId, readDer } from "./der.js";
import { Doubt, hashOf, verifySigned } from "./signed.js";

const PKCS9 = "2a864886f70d0109";
const TST_INFO = `${PKCS9}100104`;

const content = (info, kind) => {
  if (objectId(child(info, 0)) !== kind) throw new Bad("stamp_form");
  return child(child(info, 1, 0xa0), 0);
};
const digest = async (name, bytes) => new Uint8Array(await subtle().digest(name, bytes));

const readAll = (nodes) => {
  const found = [];
  for (const node of nodes) {
    try {
      found.push(readCertificate(node.raw));
    } catch (error) {
      if (!(error instanceof Bad) && !(error instanceof TypeError)) throw error;
    }
  }
  return found;
};

const findSigner = (who, certificates) =>
  certificates.find((one) => {
    if (who.tag === 0x30) {
      return equal(child(who, 0).raw, one.issuer.raw) && integer(child(who, 1)) === integer(one.serial);
    }
    const id = one.extensions.get(KEY_ID);
    return who.tag === 0x80 && id && equal(who.body, readDer(id.value).body);
  });

const attributesOf = (node) => {
  const values = {};
  for (const one of children(node)) {
    const [kind, inside] = [objectId(child(one, 0)), children(child(one, 1, 0x31))];
    if (values[kind] || !inside.length) throw new Bad("stamp_form");
    [values[kind]] = inside;
  }
  if (!values[`${PKCS9}03`] || !values[`${PKCS9}04`]) throw new Bad("stamp_form");
  return values;
};

// The signed attributes must name the signer's certificate by its hash (RFC 5816).
const checkNamed = async (values, { raw }) => {
  const [second, first] = [values[`${PKCS9}10022f`], values[`${PKCS9}10020c`]];
  if (!second && !first) throw new Doubt("not_named");
  const id = child(child(second || first, 0, 0x30), 0, 0x30);
  const given = second && children(id)[0] && children(id)[0].tag === 0x30;
  const name = second ? (given ? hashOf(children(id)[0]) : "SHA-256") : "SHA-1";
  if (!equal(await digest(name, raw), child(id, given ? 1 : 0, 4).body)) throw new Bad("stamp_signature");
};

const checkSignature = async (info, signer, statement) => {
  const hash = hashOf(child(info, 2, 0x30));
  const attributes = child(info, 3, 0xa0);
  const values = attributesOf(attributes);
  if (objectId(values[`${PKCS9}03`]) !== TST_INFO) throw new Bad("stamp_form");
  const named = expect(values[`${PKCS9}04`], 4).body;
  if (!equal(await digest(hash, statement), named)) throw new Bad("stamp_signature");
  await checkNamed(values, signer);
  // What is signed is the SET OF attributes; in the message it carries another tag.
  const message = attributes.raw.slice();
  message[0] = 0x31;
  const signature = child(info, 5, 4).body;
  const algorithm = children(info)[4];
  if (algorithm.tag !== 0x30) throw new Doubt("algorithm");
  const held = await verifySigned(signer, algorithm, hash, message, signature);
  if (!held) throw new Bad("stamp_signature");
};

const readStamp = async (response, bytes, roots) => {
  const answer = readDer(response);
  const status = integer(child(child(answer, 0, 0x30), 0));
  if (status !== 0n && status !== 1n) throw new Bad("stamp_refused");
  const signed = expect(content(child(answer, 1, 0x30), "2a864886f70d010702"), 0x30);
  const statement = expect(content(child(signed, 2, 0x30), TST_INFO), 4).body;
  const info = expect(readDer(statement), 0x30);
  const imprint = child(info, 2, 0x30);
  const hash = hashOf(child(imprint, 0, 0x30));
  if (!equal(await digest(hash, bytes), child(imprint, 1, 4).body)) throw new Bad("stamp_of_other");
  const at = instant(expect(child(info, 4), 0x18));
  const carried = children(signed).slice(3).filter((one) => one.tag === 0xa0);
  const embedded = readAll(carried.flatMap((one) => children(one).slice(0, 32)));
  const signers = children(expect(children(signed).pop(), 0x31));
  if (signers.length !== 1) throw new Bad("stamp_form");
  const signer = findSigner(child(expect(signers[0], 0x30), 1), [...embedded, ...roots]);
  if (!signer) throw new Doubt("no_certificate", at);
  const { authority } = signer;
  try {
    await checkSignature(signers[0], signer, statement);
  } catch (doubt) {
    throw doubt instanceof Doubt ? new Doubt(doubt.code, at, authority) : doubt;
  }
  return { at, authority, signer, others: embedded.filter((one) => !equal(one.raw, signer.raw)) };
};

// {trusted, reason, at, authority} of the response over `bytes`; throws Bad where it is damaged or
// about something else.
export const checkToken = async (response, bytes, roots) => {
  let [at, authority] = [null, ""];
  try {
    const stamp = await readStamp(response, bytes, roots);
    ({ at, authority } = stamp);
    if (!roots.length) throw new Doubt("no_roots");
    await checkChain(stamp.signer, stamp.others, roots, at.ms);
  } catch (doubt) {
    if (!(doubt instanceof Doubt)) throw doubt instanceof TypeError ? new Bad("stamp_form") : doubt;
    const told = doubt.at || at;
    return { trusted: false, reason: doubt.code, at: told && told.text, authority: doubt.authority || authority };
  }
  return { trusted: true, reason: "", at: at.text, authority };
};
