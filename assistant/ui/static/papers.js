// Papers that are picked: kept for this tab across pages and views. And what a field may be completed to.
import { root } from "./site.js";

const KEY = "picked";

function read() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(KEY) || "[]"));
  } catch {
    return new Set();
  }
}

const picks = read();
const form = document.getElementById("list");
const bar = form?.querySelector(".picked");
const boxes = () => form.querySelectorAll('input[name="among"][type="checkbox"]');
const every = () => bar.querySelector('input[name="everything"]');

function show() {
  const all = every()?.checked;
  for (const box of boxes()) box.checked = picks.has(box.value);
  const words = picks.size === 1 ? bar.dataset.one : bar.dataset.many.replace("#", picks.size.toLocaleString(document.documentElement.lang));
  bar.querySelector("[data-count]").textContent = picks.size ? words : bar.dataset.none;
  bar.querySelector("[data-clear]").hidden = !picks.size && !all;
  bar.hidden = !picks.size && !all && !form.querySelector(".picking");
  bar.classList.toggle("fixed", Boolean(picks.size || all));
}

function keep() {
  sessionStorage.setItem(KEY, JSON.stringify([...picks]));
  show();
}

if (bar) {
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name === "everything") return show();
    if (box.name !== "among") return;
    if (box.checked) picks.add(box.value);
    else picks.delete(box.value);
    keep();
  });
  bar.querySelector("[data-clear]").addEventListener("click", () => {
    picks.clear();
    if (every()) every().checked = false;
    keep();
  });
  form.addEventListener("submit", () => {
    for (const old of form.querySelectorAll("input[data-elsewhere]")) old.remove();
    const here = new Set([...boxes()].map((box) => box.value));
    for (const id of picks) {
      if (here.has(id)) continue;
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "among", value: id });
      field.dataset.elsewhere = "yes";
      form.append(field);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches('.picked input[name="label"]')) {
      event.preventDefault(); // a form is else sent by its first button
      form.requestSubmit(bar.querySelector('button[value="label"]'));
    }
    if (event.key === "Escape") for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
  });
  window.addEventListener("pageshow", show);
  show();
}

let asked = 0;
document.addEventListener("input", async (event) => {
  const field = event.target.closest("[data-suggest]");
  if (!field || field.value.trim().length < 2) return;
  const number = ++asked;
  await new Promise((done) => setTimeout(done, 150));
  if (number !== asked) return;
  const query = new URLSearchParams({ field: field.dataset.suggest, words: field.value });
  const answer = await fetch(`${root}/papers/suggestions?${query}`);
  if (!answer.ok || number !== asked) return;
  const options = (await answer.json()).map((words) => new Option(words, words));
  field.list.replaceChildren(...options);
});

const pick = document.querySelector("[data-pick]");
if (pick) {
  const shown = () => pick.setAttribute("aria-pressed", String(picks.has(pick.dataset.pick)));
  pick.hidden = false;
  pick.addEventListener("click", () => {
    const id = pick.dataset.pick;
    if (!picks.delete(id)) picks.add(id);
    sessionStorage.setItem(KEY, JSON.stringify([...picks]));
    shown();
  });
  shown();
}
