// The chat: asking without leaving the page, watching answers come, and evidence that lights up with its sentence.
import "./answer.js";
import { fill, phrases, root, toast } from "./site.js";
import { call } from "./calls.js";

const thread = document.getElementById("thread");
const composer = document.getElementById("composer");
const box = composer.elements.question;
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const said = document.getElementById("said");
let asking = null;

if (matchMedia("(max-width: 800px)").matches) document.getElementById("conversations").open = false;

/** Send a form's values and return what the server answers, as JSON. */
async function post(form) {
  const answer = await fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
  });
  const value = await answer.json().catch(() => ({}));
  if (answer.ok) return value;
  throw new Error(value.error || phrases.answered.replace("#", answer.status));
}

/** Put a turn into the thread or in another's place; what had the focus there has it again. */
function place(html, instead) {
  const holder = document.createElement("div");
  fill(holder, html);
  const turn = holder.firstElementChild;
  const focused = instead?.contains(document.activeElement) ? named(document.activeElement) : "";
  if (instead) instead.replaceWith(turn);
  else thread.append(turn);
  if (focused) {
    const again = [...turn.querySelectorAll("button, a, summary")].find((each) => named(each) === focused);
    (again ?? turn.querySelector(".question")).focus();
  }
  return turn;
}

/** What a control is called. */
function named(control) {
  return control.getAttribute("aria-label") || control.textContent.trim() || control.tagName;
}

/** Change what has changed of a draft, and leave the rest alone. */
function refresh(draft, html) {
  const holder = document.createElement("div");
  fill(holder, html);
  const now = [...holder.children];
  now.forEach((each, place) => {
    const before = draft.children[place];
    if (!before) draft.append(each);
    else if (before.outerHTML !== each.outerHTML) before.replaceWith(each);
  });
  while (draft.children.length > now.length) draft.lastElementChild.remove();
}

function busy() {
  const under = thread.querySelectorAll(".turn[data-state=asking]");
  asking = under.length ? under[under.length - 1].dataset.turn : null;
  stop.hidden = !asking;
  send.hidden = Boolean(asking);
}

/** Follow an answer until it is over, and put what comes in the place of its turn. */
async function watch(turn, tries = 3) {
  const id = turn.dataset.turn;
  const find = () => document.getElementById(`turn-${id}`);
  let heard = ""; // what was said aloud of it so far
  busy();
  try {
    for await (const news of call("watch", [id])) {
      const now = find();
      if (!now) return;
      const isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 120;
      if (news.is_over) {
        const over = place(news.html, now);
        if (isAtEnd) over.scrollIntoView({ block: "start" });
        said.textContent = news.said.startsWith(heard) ? news.said.slice(heard.length) : news.said;
        break;
      }
      refresh(now.querySelector(".draft"), news.html);
      const whole = news.said.slice(heard.length).match(/^[\s\S]*(?:[.!?](?=\s)|[。！？])/);
      if (whole) {
        said.textContent = whole[0].trim();
        heard += whole[0];
      } else if (!news.said) said.textContent = now.querySelector(".steps li:last-child")?.textContent ?? "";
      if (isAtEnd) thread.scrollTop = thread.scrollHeight;
    }
  } catch (error) {
    if (tries && find()?.dataset.state === "asking") {
      await new Promise((later) => setTimeout(later, 2000));
      return watch(turn, tries - 1);
    }
    toast(error.message);
  } finally {
    busy();
    refreshList();
  }
}

/** Show the list of conversations as it is now, unless somebody is changing one. */
async function refreshList() {
  const list = document.getElementById("listed");
  if (list.querySelector(".menu[open]")) return;
  refreshList.before?.abort();
  refreshList.before = new AbortController();
  const query = new URLSearchParams({
    q: document.getElementById("words").value, conversation: composer.elements.conversation.value,
  });
  const place = document.getElementById("find-conversation").dataset.list;
  try {
    const answer = await fetch(`${place}?${query}`, { signal: refreshList.before.signal });
    if (answer.ok) fill(list, await answer.text());
  } catch (error) {
    if (error.name !== "AbortError") toast(error.message);
  }
}

async function ask(form) {
  const isNew = form === composer;
  if (asking || ask.isSending) {
    toast(stop.dataset.wait);
    return;
  }
  ask.isSending = true;
  const value = await post(form).finally(() => { ask.isSending = false; });
  document.getElementById("welcome")?.remove();
  let instead = null;
  if (!isNew) {  // asked in place of a turn: that one and what followed it belong to another version now
    instead = form.closest(".turn");
    while (instead.nextElementSibling) instead.nextElementSibling.remove();
  }
  const turn = place(value.html, instead);
  if (isNew) {
    box.value = "";
    composer.elements.kind.value = "";
    turn.scrollIntoView({ block: "start" });
  }
  composer.elements.conversation.value = value.conversation;
  composer.elements.after.value = value.turn;
  if (isNew && !turn.previousElementSibling) document.title = `${turn.querySelector(".question").textContent} · ${document.title.split(" · ").pop()}`;
  if (location.pathname !== value.address) history.pushState({}, "", value.address);
  shown = location.pathname;
  refreshList();
  watch(turn);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (box.value.trim()) ask(composer).catch((error) => toast(error.message));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea[name=question]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.key === "Escape") for (const menu of document.querySelectorAll(".menu[open]")) menu.open = false;
});
stop.addEventListener("click", () => {
  fetch(`${root}/turns/${asking}/stop`, { method: "POST", headers: { Accept: "application/json" } });
});
composer.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && asking && !event.isComposing) stop.click();
});
let shown = location.pathname;
addEventListener("popstate", () => {
  if (location.pathname !== shown) location.reload();
});
document.getElementById("find-conversation").addEventListener("submit", (event) => event.preventDefault());

thread.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const failed = (error) => toast(error.message);
  if (form.dataset.act === "ask") ask(form).catch(failed);
  else if (form.dataset.act === "branch") post(form).then(() => location.reload()).catch(failed);
  else post(form).then((value) => place(value.html, form.closest(".turn"))).catch(failed);
});
thread.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act='edit'], [data-act='leave-edit'], [data-example]");
  if (button) {
    if ("example" in button.dataset) {
      box.value = button.textContent;
      composer.requestSubmit();
      return;
    }
    const turn = button.closest(".turn");
    const form = turn.querySelector("form.edit");
    const edit = turn.querySelector("[data-act=edit]");
    form.hidden = !form.hidden;
    edit.setAttribute("aria-expanded", String(!form.hidden));
    if (form.hidden) edit.focus();
    else form.querySelector("textarea").focus();
    return;
  }
});
document.getElementById("words").addEventListener("input", () => {
  clearTimeout(refreshList.timer);
  refreshList.timer = setTimeout(refreshList, 200);
});

for (const turn of thread.querySelectorAll(".turn[data-state=asking]")) watch(turn);
if (document.getElementById("words").value) refreshList(); // typed before this script was here
if (location.hash.startsWith("#turn-")) document.querySelector(location.hash)?.scrollIntoView();
else thread.scrollTop = thread.scrollHeight;
if (!matchMedia("(max-width: 800px)").matches) box.focus();
