// Sends the files of <form data-upload> in pieces. What was sent stays sent: over a lost
// connection, a server that starts again, a page loaded anew and given the same file.

const longest = 30000;
const wait = (ms) => new Promise((go) => {
  const timer = setTimeout(done, ms);
  function done() {
    clearTimeout(timer);
    removeEventListener("online", done);
    go();
  }
  addEventListener("online", done);
});

// The same file chosen again is the same upload; two photos of one name are two.
const keyOf = async (file) => {
  const ends = [file.slice(0, 65536), file.slice(Math.max(0, file.size - 65536))];
  const parts = [new TextEncoder().encode(file.name)];
  for (const end of ends) parts.push(new Uint8Array(await end.arrayBuffer()));
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (const bytes of parts) {
    for (const byte of bytes) {
      one = Math.imul(one ^ byte, 2654435761);
      two = Math.imul(two ^ byte, 1597334677);
    }
  }
  const digest = (one >>> 0).toString(16) + (two >>> 0).toString(16);
  return `${file.size}-${file.lastModified}-${digest}`.slice(0, 64);
};

class Refused extends Error {}

const ask = async (address, options) => {
  const headers = { Accept: "application/json", ...options.headers };
  const answer = await fetch(address, { credentials: "same-origin", ...options, headers });
  const isJson = (answer.headers.get("content-type") || "").startsWith("application/json");
  if (answer.redirected || (answer.ok && !isJson)) throw new Refused("");
  const said = isJson ? await answer.json() : {};
  if (answer.ok) return said;
  const full = answer.status === 507; // not by itself better soon
  if ((answer.status >= 500 && !full) || answer.status === 429 || said.again) throw new Error("again");
  throw new Refused(said.error || "");
};

const cardOf = (form, file) => {
  const list = form.querySelector("[data-upload-list]");
  const card = form.querySelector("template[data-upload-card]").content.firstElementChild.cloneNode(true);
  card.querySelector("[data-name]").textContent = file.name;
  card.querySelector("[data-size]").textContent = `${Math.max(1, Math.round(file.size / 1024))} KB`;
  list.append(card);
  const bar = card.querySelector("progress");
  return (state, sent, word) => {
    card.dataset.state = state;
    card.querySelector("[data-word]").textContent = word || form.dataset[state];
    bar.value = file.size ? Math.floor((100 * sent) / file.size) : 0;
    const note = form.querySelector("[data-upload-status]");
    if (state === "sent" || state === "failed") note.textContent = `${file.name} ${word || form.dataset[state]}`;
  };
};

const tries = async (deed, failed) => {
  for (let pause = 1000; ; pause = Math.min(longest, pause * 2)) {
    try {
      return await deed();
    } catch (error) {
      if (error instanceof Refused) throw error;
      failed();
      await wait(pause * (0.75 + Math.random() / 2));
    }
  }
};

const send = async (form, address, token, file, show) => {
  const key = await keyOf(file);
  const csrf = { "X-CSRFToken": token };
  let sent = 0;
  await tries(async () => {
    const body = new URLSearchParams({ client_key: key, name: file.name, length: file.size });
    let at = await ask(address, { method: "POST", body, headers: csrf });
    while (!at.done) {
      sent = at.offset;
      show("sending", sent);
      if (sent >= file.size) {
        at = await ask(at.finish, { method: "POST", headers: csrf });
        if (!at.done && at.offset >= file.size) throw new Error("again");
      } else {
        const body = file.slice(sent, sent + at.size);
        const headers = { ...csrf, "Content-Type": "application/octet-stream" };
        at = await ask(`${at.piece}?offset=${sent}`, { method: "PUT", body, headers });
      }
    }
  }, () => show("failed", sent));
  show("sent", file.size);
};

const begin = (form, token) => {
  const body = new FormData(form);
  body.delete("files");
  const typed = [...body.entries()].some(([name, value]) => name !== "csrfmiddlewaretoken" && value);
  if (form.action.endsWith("/upload/") && !typed) return { upload: form.action, case: null };
  const headers = { "X-CSRFToken": token };
  return tries(() => ask(form.action, { method: "POST", body, headers }), () => {});
};

const sendAll = async (form, files) => {
  const token = form.elements.csrfmiddlewaretoken.value;
  form.querySelector("[data-upload-list]").replaceChildren();
  const shows = files.map((file) => cardOf(form, file));
  const begun = await begin(form, token);
  for (const [index, file] of files.entries()) {
    try {
      await send(form, begun.upload, token, file, shows[index]);
    } catch (error) {
      shows[index]("failed", 0, error.message); // said again on the page of the case
    }
  }
  return begun.case || begun.upload.replace(/upload\/$/, "");
};

const start = (form) => {
  let busy = false;
  addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });
  form.addEventListener("submit", async (event) => {
    const inputs = [...form.querySelectorAll("[data-upload-files]")];
    const files = inputs.flatMap((input) => [...input.files]);
    if (!files.length) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      const home = await sendAll(form, files);
      busy = false;
      location.assign(home);
    } catch (error) {
      busy = false;
      form.querySelector("[data-upload-status]").textContent = error.message;
    }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
      const dropped = kind === "drop" && event.dataTransfer.files;
      if (dropped && dropped.length) form.querySelector("[data-upload-files]").files = dropped;
    });
  }
};

document.querySelectorAll("form[data-upload]").forEach(start);
