// What every page has: the error summary gets the focus, a part that renews itself says what
// changed (once, not at every look), and does not ask while nobody sees it.

const summary = document.querySelector(".summary[tabindex]");
if (summary) summary.focus();

let last = "";
document.addEventListener("htmx:afterSettle", () => {
  const news = document.querySelector(".poll [data-announce]");
  const status = document.getElementById("status");
  if (!news || !status) return;
  const text = news.textContent.trim();
  if (text !== last) status.textContent = text;
  last = text;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches(".poll")) event.preventDefault();
});
