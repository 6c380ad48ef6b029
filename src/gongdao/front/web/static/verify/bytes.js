// Bytes, text and SHA-256. Everything here refuses what it cannot read, by throwing Bad.

// What was read does not hold; `code` names the reason as gongdao-verify does.
export class Bad extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// This browser cannot check; that says nothing about the file.
export class Unable extends Error {}

export const utf8 = (text) => new TextEncoder().encode(text);

export const fromUtf8 = (bytes, code) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Bad(code);
  }
};

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const fromHex = (text) => Uint8Array.from(text.match(/../g) || [], (two) => parseInt(two, 16));

export const base64 = (bytes) => {
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary);
};

// Standard base64 with padding and nothing else: no blanks, no stray bits.
export const fromBase64 = (text, code) => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) throw new Bad(code);
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (base64(bytes) !== text) throw new Bad(code);
  return bytes;
};

export const concat = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

// Only pages that come over TLS, from this machine or from a file get WebCrypto.
export const subtle = () => {
  if (!globalThis.crypto || !crypto.subtle) throw new Unable("no_crypto");
  return crypto.subtle;
};

export const sha256 = async (...parts) =>
  new Uint8Array(await subtle().digest("SHA-256", concat(...parts)));
