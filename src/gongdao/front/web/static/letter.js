// A letter is checked by the server while one writes: notes beside the parts, the list, the preview.
// The button does the same without this; what cannot be asked now is asked at the next change.

const check = document.querySelector("[data-check]");
const form = document.getElementById("letter-form");
const rest = 800;
let timer;
let asking;

const ask = async () => {
  asking?.abort();
  asking = new AbortController();
  try {
    const body = new URLSearchParams(new FormData(form));
    const sent = { method: "POST", body, signal: asking.signal };
    const answer = await fetch(check.dataset.check, sent);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-instead]")) return; // another page: the session is over
    const told = [...page.querySelectorAll("[data-instead]")];
    for (const flag of form.querySelectorAll('[id^="flag-"]')) {
      if (!told.some((one) => one.id === flag.id)) flag.replaceChildren(); // a part made empty
    }
    for (const one of told) document.getElementById(one.id)?.replaceWith(one);
    check.replaceChildren(...page.body.childNodes);
  } catch (error) {
    if (!["AbortError", "TypeError"].includes(error.name)) throw error;
  }
};

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, rest);
});
