// Trends: what is still being found is put in its place; charts and files are made when they are asked for.
import { call, result } from "./calls.js";
import { fill, toast } from "./site.js";

const found = document.getElementById("found");

showNewest();
if (found?.dataset.waiting) wait();

async function wait() {
  const words = found.querySelector(".finding .words");
  const progress = found.querySelector(".finding progress");
  try {
    for await (const value of call("find_trends", [location.search])) {
      if (value.html !== undefined) {
        fill(found, value.html);
        delete found.dataset.waiting;
        showNewest();
        toast(found.dataset.said);
      } else {
        if (words.textContent !== value.words) words.textContent = value.words;
        if (value.total && value.done) Object.assign(progress, { max: value.total, value: value.done });
        else progress.removeAttribute("value");
      }
    }
  } catch (error) {
    words.textContent = error.message;
    progress.remove();
  }
}

/** Show the newest periods of charts that are wider than the screen. */
function showNewest() {
  for (const each of document.querySelectorAll(".at-end")) each.scrollLeft = each.scrollWidth;
}

document.addEventListener("toggle", async (event) => {
  const { dataset, open } = event.target;
  const place = event.target.querySelector(".place");
  if (!dataset.draw || !open || place.childElementCount) return;
  const waiting = document.createElement("progress");
  waiting.setAttribute("aria-label", event.target.querySelector("summary").textContent);
  place.replaceChildren(waiting);
  try {
    fill(place, (await result("draw_trends", [location.search, dataset.draw])).html);
  } catch (error) {
    place.replaceChildren();
    event.target.open = false;
    toast(error.message);
  }
}, true);

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".make-files");
  if (!button) return;
  button.disabled = true;
  try {
    fill(button.parentElement, (await result("trend_files", [location.search])).html);
  } catch (error) {
    button.disabled = false;
    toast(error.message);
  }
});
