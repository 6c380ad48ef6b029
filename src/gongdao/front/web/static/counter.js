// Characters left while one writes: <p data-count="id of the textarea" data-limit="500"
// data-left="… {n} …" data-over="… {n} …">. Counts code points, as the server does; the number is
// there before, made by the server. What is said aloud waits until the fingers rest.

const rest = 1200;

const start = (line) => {
  const field = document.getElementById(line.dataset.count);
  if (!field || line.dataset.started) return;
  line.dataset.started = "yes";
  const limit = Number(line.dataset.limit);
  const spoken = document.createElement("span");
  spoken.className = "only-read";
  spoken.setAttribute("role", "status");
  line.after(spoken);
  let timer;
  const count = () => {
    const left = limit - [...field.value].length;
    const text = (left < 0 ? line.dataset.over : line.dataset.left).replace("{n}", Math.abs(left));
    line.textContent = text;
    line.classList.toggle("over", left < 0);
    return text;
  };
  field.addEventListener("input", () => {
    const text = count();
    clearTimeout(timer);
    timer = setTimeout(() => { spoken.textContent = text; }, rest);
  });
  count();
};

const startAll = (root) => root.querySelectorAll("[data-count]").forEach(start);
startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.target));
