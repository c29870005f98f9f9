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

function place(html, instead) {
  const holder = document.createElement("div");
  fill(holder, html);
  const turn = holder.firstElementChild;
  if (instead) instead.replaceWith(turn);
  else thread.append(turn);
  return turn;
}

function busy(turn) {
  asking = turn;
  stop.hidden = !turn;
  send.hidden = Boolean(turn);
}

/** Follow an answer until it is over, and put what comes in the place of its turn. */
async function watch(turn) {
  const id = turn.dataset.turn;
  busy(id);
  let spoken = 0;
  try {
    for await (const news of call("watch", [id])) {
      const now = document.getElementById(`turn-${id}`);
      if (!now) return;
      const isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 120;
      if (news.is_over) {
        turn = place(news.html, now);
        if (isAtEnd) turn.scrollIntoView({ block: "start" });
        said.textContent = news.said.slice(0, 600);
      } else {
        fill(now.querySelector(".draft"), news.html);
        const whole = news.said.slice(spoken).match(/^[\s\S]*(?:[.!?](?=\s)|[。！？])/);
        if (whole) {
          said.textContent = whole[0].trim();
          spoken += whole[0].length;
        } else if (!news.said) said.textContent = now.querySelector(".steps li:last-child")?.textContent ?? "";
      }
      if (isAtEnd && !news.is_over) thread.scrollTop = thread.scrollHeight;
    }
  } catch (error) {
    toast(error.message);
  } finally {
    if (asking === id) busy(null);
    refreshList();
  }
}

/** Show the list of conversations as it is now. */
async function refreshList() {
  const words = document.getElementById("words").value;
  const query = words ? `?q=${encodeURIComponent(words)}` : "";
  const answer = await fetch(`${location.pathname}${query}`);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("listed").replaceWith(page.getElementById("listed"));
}

async function ask(form) {
  const isNew = form === composer;
  if (asking) {
    toast(stop.dataset.wait);
    return;
  }
  const value = await post(form);
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
  watch(turn);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (box.value.trim()) ask(composer).catch((error) => toast(error.message));
});
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
stop.addEventListener("click", () => {
  fetch(`${root}/turns/${asking}/stop`, { method: "POST", headers: { Accept: "application/json" } });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && asking) stop.click();
});
addEventListener("popstate", () => location.reload());

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
    const form = button.closest(".turn").querySelector("form.edit");
    form.hidden = !form.hidden;
    if (!form.hidden) form.querySelector("textarea").focus();
    return;
  }
});
document.getElementById("words").addEventListener("input", () => {
  clearTimeout(refreshList.timer);
  refreshList.timer = setTimeout(refreshList, 200);
});

const first = thread.dataset.asking.split(" ").filter(Boolean)[0];
if (first) watch(document.getElementById(`turn-${first}`));
if (location.hash.startsWith("#turn-")) document.querySelector(location.hash)?.scrollIntoView();
else thread.scrollTop = thread.scrollHeight;
if (!matchMedia("(max-width: 800px)").matches) box.focus();
