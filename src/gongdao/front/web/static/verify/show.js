// A verdict as people read it. Every word comes from the page; text of others is made plain.

import { Bad, Unable } from "./bytes.js";

const element = (name, text = "", css = "") => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (css) made.className = css;
  return made;
};

// A box with its heading; `holds` and `fails` come with a shape from the page, not by colour alone.
const box = (heading, state) => {
  const made = element("section", "", `log-verdict ${state}`.trim());
  const title = element("h2", heading);
  const shape = state && document.querySelector(`template[data-shape=${state}]`);
  if (shape) title.prepend(shape.content.cloneNode(true));
  made.append(title);
  return made;
};

export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "?");

// Text of others, without what could turn or hide words.
const plain = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, "\ufffd");

// Beijing time, and UTC beside it, of a moment as the verdict has it.
const moment = (text, words) => {
  const clock = (at) => at.toISOString().slice(0, 19).replace("T", " ");
  const utc = new Date(text);
  return fill(words.time, { beijing: clock(new Date(utc.getTime() + 8 * 3600e3)), utc: clock(utc) });
};

const list = (items, css = "") => {
  const made = element("ul", "", css);
  for (const item of items) made.append(element("li", item));
  return made;
};

const facts = (pairs) => {
  const made = element("dl", "", "facts");
  for (const [name, value, css] of pairs) made.append(element("dt", name), element("dd", value, css));
  return made;
};

const headline = (verdict, words) => {
  const dated = verdict.stamps.filter((one) => one.trusted && one.at).sort((a, b) => (a.at < b.at ? -1 : 1))[0];
  const [at, authority] = dated ? [moment(dated.at, words), plain(dated.authority)] : [];
  return fill(words[verdict.state], { count: verdict.organisations.length, at, authority });
};

const fieldName = (words, type, name) => words[`${type.split(".")[0]}.${name}`] || say(words, name);
const say = (words, key) => (Object.hasOwn(words, key) ? words[key] : key);

const witnessText = (one, words) =>
  [
    `${one.auditor ? words.auditor : words.witness}: ${plain(one.name)}`,
    one.organisation ? plain(one.organisation) : "",
    moment(one.at, words),
    one.same_operator ? words.label_same_operator : "",
  ].filter(Boolean).join(" · ");

const stampText = (one, words) => {
  const values = { at: one.at ? moment(one.at, words) : "?", authority: one.authority ? plain(one.authority) : "?" };
  const told = one.trusted ? `${values.at} · ${values.authority}` : fill(say(words, one.reason), values);
  return [`${words.anchor}: ${plain(say(words, one.kind))}`, told, one.reference].filter(Boolean).join(" · ");
};

const leafFacts = ({ leaf, index, size, origin, leaf_hash: hash, opened }, words) => [
  [words.log_origin, `${plain(origin)} · ${fill(words.log_place, { index, size })}`],
  [words.leaf, `${say(words, leaf.type)} · ${moment(leaf.at, words)}`],
  ...Object.entries({ ...leaf.data, ...opened }).map(([name, value]) => [
    fieldName(words, leaf.type, name), plain(typeof value === "string" ? value : JSON.stringify(value)), "code",
  ]),
  [words.leaf_hash, hash, "code"],
];

export const showVerdict = (verdict, holds, words) => {
  const made = box(headline(verdict, words), verdict.exit_code ? "fails" : holds ? "holds" : "");
  if (verdict.reason) made.append(element("p", say(words, verdict.reason)));
  if (verdict.leaf) made.append(facts(leafFacts(verdict, words)));
  const told = [
    ...verdict.witnesses.map((one) => witnessText(one, words)),
    ...verdict.stamps.map((one) => stampText(one, words)),
  ];
  if (told.length) made.append(list(told));
  if (verdict.not_proven.length) {
    made.append(element("p", words.not_proven), list(verdict.not_proven.map((key) => say(words, key))));
  }
  return made;
};

// Never green: a promise is the log's word alone.
export const showPromise = (told, words) => {
  const key = told.state === "INVALID" ? "promise_invalid" : told.state;
  const made = box(fill(words[key], { at: moment(told.deadline, words) }), told.exit_code ? "fails" : "");
  if (told.reason) made.append(element("p", say(words, told.reason)));
  made.append(facts([[words.log_origin, plain(told.origin)], [words.leaf_hash, told.leaf_hash, "code"]]));
  return made;
};

export const showCaseFile = ({ findings, files, receipt }, words) => {
  const made = findings.length ? box(words.altered, "fails") : box(words.intact, "");
  if (findings.length) made.append(list(findings.map((one) => `${plain(one.file)}: ${say(words, one.kind)}`)));
  made.append(element("p", fill(words.case_checked, { files })), element("p", words.case_unchecked, "soft small"));
  if (!receipt) made.append(element("p", words.case_no_receipt));
  return made;
};

export const showProblem = (error, words) => {
  const made = box(words.unreadable, "");
  const known = error instanceof Bad ? error.code : error instanceof Unable ? error.message : "failed";
  made.append(element("p", say(words, known)));
  return made;
};
