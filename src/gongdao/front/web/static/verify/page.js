// The verify page: what was chosen is read here, in this browser, and goes nowhere. All words come
// from the page.

import { isOfSeal, isZip, readCaseFile } from "./casefile.js";
import { isPromise, judgePromise } from "./promise.js";
import { fill, showCaseFile, showProblem, showPromise, showVerdict } from "./show.js";
import { judgeReceipt } from "./verdict.js";

const MOST_RECEIPT = 2 << 20;

// The verdict about a chosen file: {verdict, casefile} or {promise}; throws Bad or Unable.
export const judgeFile = async (file, trusted, tell) => {
  if (!(await isZip(file))) {
    const bytes = new Uint8Array(await file.slice(0, MOST_RECEIPT + 1).arrayBuffer());
    if (isPromise(bytes)) return { promise: await judgePromise(bytes, trusted) };
    return { verdict: await judgeReceipt(bytes, trusted), casefile: null };
  }
  const casefile = await readCaseFile(file, tell);
  if (!casefile.receipt) return { verdict: null, casefile };
  const verdict = await judgeReceipt(casefile.receipt, trusted);
  const other = verdict.leaf && !isOfSeal(verdict.leaf, casefile.digests);
  const broken = other ? { state: "INVALID", exit_code: 1, reason: "other_seal", not_proven: [] } : {};
  return { verdict: { ...verdict, ...broken }, casefile };
};

const start = (root) => {
  const words = JSON.parse(root.dataset.words);
  const [form, out, status] = [root.querySelector("form"), root.querySelector("[data-out]"), root.querySelector("[data-status]")];
  const [input, drop] = [form.elements.file, root.querySelector(".log-drop")];
  let turn = 0;
  const run = async () => {
    const file = input.files[0];
    if (!file) return;
    turn += 1;
    const mine = turn;
    const trusted = { policy: form.elements.policy.value, roots: form.elements.roots.value };
    const tell = (done, all) => {
      if (mine !== turn) return;
      status.className = "soft";
      status.textContent = fill(words.reading, { done, all });
    };
    let boxes;
    try {
      const { verdict, casefile, promise } = await judgeFile(file, trusted, tell);
      const clean = !casefile || !casefile.findings.length;
      const green = clean && ["WITNESSED", "AUDITED", "ANCHORED"].includes(verdict && verdict.state);
      boxes = [casefile && showCaseFile(casefile, words), verdict && showVerdict(verdict, green, words)];
      if (promise) boxes.push(showPromise(promise, words));
    } catch (error) {
      boxes = [showProblem(error, words)];
    }
    if (mine !== turn) return;
    out.replaceChildren(...boxes.filter(Boolean));
    status.className = "only-read"; // said aloud; to be seen just below
    status.textContent = out.querySelector("h2").textContent.trim();
  };
  form.addEventListener("change", run);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    input.files = event.dataTransfer.files;
    run();
  });
  root.hidden = false;
};

const root = document.querySelector("[data-verify]");
if (root) start(root);
