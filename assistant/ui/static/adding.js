// Adding: files dropped anywhere, pasted text that is read before anything happens, and a job that is followed.
import { call, result } from "./calls.js";
import { fill, phrases, root } from "./site.js";

const LARGEST = 200 * 2 ** 20;
const MOST_SHOWN = 30;
const FILES_AT_ONCE = 100; // in one request
const QUIET = 8000; // milliseconds between two announcements to a screen reader
const form = document.getElementById("adding");
const input = document.getElementById("files");
const chosen = document.getElementById("chosen");
const pasted = document.getElementById("pasted");
const read = document.getElementById("read");
const people = document.getElementById("people");
const day = document.getElementById("as-of");
const add = document.getElementById("add");
const failed = document.getElementById("failed");
const job = document.getElementById("job");
const running = document.getElementById("running");
const bar = document.getElementById("bar");
const stop = document.getElementById("stop");

let files = [];
let found = { name: "", count: 0 };
let busy = false;
let reading = 0;
let waiting = 0;
let announced = { words: "", at: 0 };

const words = (name, values) => form.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

function complain(message) {
  failed.textContent = message;
  failed.hidden = !message;
}

function update() {
  add.disabled = busy || !(files.length || found.count);
}

function show() {
  chosen.hidden = !files.length;
  chosen.replaceChildren(...files.slice(0, MOST_SHOWN).map((file, place) => {
    const item = document.createElement("li");
    item.className = "chip";
    const size = file.size < 2 ** 20 ? `${Math.ceil(file.size / 1024)} kB` : `${(file.size / 2 ** 20).toFixed(1)} MB`;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", words("takeAway", { name: file.name }));
    button.addEventListener("click", () => {
      files.splice(place, 1);
      show();
      input.focus();
    });
    item.append(`${file.name} · ${size}`, button);
    return item;
  }));
  if (files.length > MOST_SHOWN) {
    const more = document.createElement("li");
    more.className = "chip plain";
    more.textContent = words("more", { count: files.length - MOST_SHOWN });
    chosen.append(more);
  }
  update();
}

function choose(list) {
  complain("");
  for (const file of list) {
    if (file.size > LARGEST) complain(words("tooLarge", { name: file.name }));
    else if (!files.some((one) => one.name === file.name && one.size === file.size)) files.push(file);
  }
  show();
  if (files.length) add.focus();
}

input.addEventListener("change", () => {
  choose(input.files);
  input.value = "";
});

// Dragging: anywhere on the page.
let depth = 0;
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragenter", (event) => {
  if (hasFiles(event) && ++depth) document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (hasFiles(event) && --depth <= 0) document.body.classList.remove("dragging");
});
addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  document.body.classList.remove("dragging");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.some((entry) => entry.isDirectory)) Promise.all(entries.map(inside)).then((lists) => choose(lists.flat()));
  else choose(event.dataTransfer.files);
});

/** Return the files of a dropped folder and of those within it; hidden ones are passed over. */
async function inside(entry) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return (await Promise.all(found.map(inside))).flat();
    found.push(...some);
  }
}

// Pasted text: what it holds is said before anything happens.
async function understand() {
  const mine = ++reading;
  people.replaceChildren();
  found = { name: "", count: 0 };
  update();
  if (!pasted.value.trim()) {
    read.replaceChildren();
    return;
  }
  try {
    const value = await result("read_pasted", [pasted.value, day.value]);
    if (mine !== reading) return;
    found = value;
    fill(read, value.html);
  } catch (error) {
    if (mine === reading) read.textContent = error.message;
  }
  update();
}
pasted.addEventListener("input", () => {
  clearTimeout(waiting);
  found = { name: "", count: 0 };
  update();
  waiting = setTimeout(understand, 350);
});
if (pasted.value) understand(); // kept by the browser over a reload

read.addEventListener("click", async (event) => {
  const button = event.target.closest("#ask");
  if (!button) return;
  button.disabled = true;
  people.textContent = form.dataset.asking;
  try {
    fill(people, (await result("people", [button.dataset.name])).html);
  } catch (error) {
    people.replaceChildren();
    complain(error.message);
  }
  button.disabled = false;
});
people.addEventListener("click", (event) => {
  const button = event.target.closest("[data-person]");
  if (button && !busy) start([], button.dataset.person);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!add.disabled) start(files, found.count ? pasted.value : "");
});

/** Copy files into the server's folder of uploads; return where they lie there. */
function upload(list) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const file of list) body.append("files", file, file.name);
    const request = new XMLHttpRequest(); // fetch tells nothing of how far an upload is
    request.open("POST", `${root}/gradio_api/upload`);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      tell(words("sending", { share: `${Math.floor((100 * loaded) / total)} %` }), loaded, total);
    });
    request.addEventListener("error", () => reject(new Error(phrases.unreachable)));
    request.addEventListener("load", () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText));
      else reject(new Error(request.responseText || phrases.answered.replace("#", request.status)));
    });
    request.send(body);
  });
}

function tell(text, done, total) {
  document.getElementById("how-far").textContent = text;
  move(done, total);
}

function move(done, total) {
  if (total > 1 && done < total) {
    bar.max = total;
    bar.value = done;
  } else {
    bar.removeAttribute("value"); // how far is not known
  }
}

async function start(list, text) {
  busy = true;
  update();
  complain("");
  job.hidden = running.hidden = false;
  stop.hidden = true;
  document.getElementById("report").replaceChildren();
  try {
    const paths = [];
    if (list.length) {
      tell(form.dataset.uploading, 0, 0);
      for (let first = 0; first < list.length; first += FILES_AT_ONCE) {
        paths.push(...await upload(list.slice(first, first + FILES_AT_ONCE)));
      }
    }
    let begun = false;
    await watch(call("add", [paths, text, day.value]), () => {
      if (begun) return;
      begun = true;
      if (list.length) files = [];
      pasted.value = "";
      people.replaceChildren();
      read.replaceChildren();
      found = { name: "", count: 0 };
      show();
    });
  } catch (error) {
    complain(error.message);
    running.hidden = true;
  }
  busy = false;
  update();
}

/** Show how far a job is until it is over, and then what became of it. */
async function watch(values, onBegun = () => {}) {
  for await (const value of values) {
    onBegun();
    history.replaceState(null, "", `${root}/add?job=${value.job}`);
    stop.elements.job.value = value.job;
    stop.hidden = false;
    if (!value.report) {
      fill(document.getElementById("how-far"), value.html);
      move(value.done, value.total);
      announce(document.querySelector("#how-far .stage")?.textContent.trim() ?? "");
      continue;
    }
    running.hidden = true;
    const report = document.getElementById("report");
    fill(report, value.report);
    fill(document.getElementById("side"), value.side);
    announce(report.querySelector("h2")?.textContent ?? "", true);
    document.querySelector(".top .size").textContent = value.size;
    document.querySelector(".sample")?.remove();
    report.scrollIntoView({ block: "nearest" });
  }
}

function announce(text, now = false) {
  const kind = text.replace(/\d[\d.,]*/g, "");
  if (!now && (kind === announced.words || Date.now() - announced.at < QUIET)) return;
  announced = { words: kind, at: Date.now() };
  document.getElementById("announced").textContent = text;
}

stop.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = stop.querySelector("button");
  button.disabled = true;
  await fetch(stop.action, { method: "POST", body: new URLSearchParams(new FormData(stop)), redirect: "manual" });
  button.disabled = false;
});

// A job that was under way when the page was opened.
if (job.dataset.job && !job.dataset.over) {
  bar.removeAttribute("value");
  try {
    await watch(call("follow", [job.dataset.job]));
  } catch (error) {
    complain(error.message);
  }
}
