// Copy buttons: <button data-copy="id" data-done="…" data-failed="…" hidden>. They appear only where
// this runs; without it the text stands there to be selected by hand.

const say = (button, text) => {
  const status = document.getElementById("status");
  if (status) {
    status.textContent = "";
    setTimeout(() => { status.textContent = text; }, 50);
  }
  const label = button.querySelector("[data-label]") || button;
  const before = button.dataset.before || (button.dataset.before = label.textContent);
  label.textContent = text;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => { label.textContent = before; }, 4000);
};

const select = (source) => {
  if (source.select) {
    source.focus();
    source.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
};

// Browsers inside chat apps often have no clipboard for pages, or refuse it: then the old command,
// which also knows only textareas in some of them; last of all the text is left selected.
const copyOld = (text) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "only-read";
  area.setAttribute("aria-hidden", "true");
  document.body.append(area);
  area.select();
  area.setSelectionRange(0, text.length);
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  area.remove();
  return done;
};

const copy = async (text) => {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused: try the old way
    }
  }
  return copyOld(text);
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = source.value === undefined ? source.textContent : source.value;
  if (await copy(text)) {
    button.focus();
    say(button, button.dataset.done);
  } else {
    select(source);
    say(button, button.dataset.failed);
  }
});

const show = (root) => {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
};
show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
