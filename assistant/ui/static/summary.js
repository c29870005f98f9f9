// The summary of a set of papers: has one written, shows it as it comes, and stops it.
import "./answer.js";
import { call, result } from "./calls.js";
import { fill } from "./site.js";

for (const section of document.querySelectorAll("section.summary")) {
  const form = section.querySelector("form");
  if (form) watch(section, form);
}

function watch(section, form) {
  const part = (name) => section.querySelector(`[data-part="${name}"]`);
  const write = form.querySelector('[data-do="write"]');
  const stop = form.querySelector('[data-do="stop"]');
  const length = form.querySelector("select");
  const which = () => [JSON.parse(section.dataset.scope), section.dataset.paper, length ? length.value : "medium"];

  function say(words, failed = false) {
    part("status").textContent = words;
    part("status").hidden = !words;
    part("status").classList.toggle("error", failed);
  }

  function show({ done = 0, total = 0 }) {
    const bar = part("progress");
    if (total) { bar.max = total; bar.value = done; } else bar.removeAttribute("value");
  }

  let asked = which();

  async function run(anew, byHand = true) {
    asked = which();
    write.disabled = true;
    part("progress").hidden = false;
    try {
      for await (const value of call("summarize", [...asked, anew])) {
        if (stop.hidden && !value.over) {  // now it is under way and can be stopped
          stop.hidden = false;
          if (byHand && document.activeElement === document.body) stop.focus();
        }
        if ("html" in value) fill(part("text"), value.html);
        say(value.status);
        show(value);
        if (value.over) {
          write.textContent = write.dataset.anew;
          write.dataset.kept = value.status ? "" : asked[2];
        }
      }
    } catch (error) {
      say(error.message, true);
    }
    write.disabled = false;
    stop.hidden = part("progress").hidden = true;
    stop.disabled = false;
    if (byHand && document.activeElement === document.body) write.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(write.dataset.kept === which()[2]);
  });
  stop.addEventListener("click", () => {
    stop.disabled = true;
    result("stop_summary", asked);
  });
  if (section.dataset.running) {
    if (length) length.value = section.dataset.running;
    run(false, false);
  }
}
