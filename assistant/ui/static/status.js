// The figures of the status: fetched anew while they change and somebody looks, and when somebody comes back; and
// the diagnosis, made when somebody asks for it.
import { result } from "./calls.js";
import { fill } from "./site.js";

const PAUSE = 3000;
const figures = document.getElementById("figures");
let next;

async function renew() {
  window.clearTimeout(next);
  next = undefined;
  if (document.hidden) return;
  try {
    const { html, is_busy: isBusy } = await result("status");
    fill(figures, html);
    if (isBusy && !document.hidden) next = window.setTimeout(renew, PAUSE);
  } catch {
    // the server is gone, or somebody logged out: the figures stay as they were
  }
}

document.addEventListener("visibilitychange", renew);
if (figures.dataset.busy) next = window.setTimeout(renew, PAUSE);

const diagnosis = document.getElementById("diagnosis");
diagnosis?.querySelector("button").addEventListener("click", async ({ target: button }) => {
  const said = button.textContent;
  button.disabled = true;
  button.textContent = button.dataset.busy;
  const shown = diagnosis.querySelector(".result");
  try {
    fill(shown, (await result("diagnose")).html);
  } catch (error) {
    shown.replaceChildren(error.message);
  } finally {
    button.disabled = false;
    button.textContent = said;
  }
});
