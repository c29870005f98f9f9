// The themes of a person's papers: found when the page stands, or on request where there are many papers.
import { result } from "./calls.js";
import { fill } from "./site.js";

const section = document.getElementById("themes");
const place = section.querySelector('[data-part="themes"]');
const button = section.querySelector('[data-do="themes"]');

async function find() {
  button.hidden = true;
  place.setAttribute("aria-busy", "true");
  place.textContent = place.dataset.waiting;
  try {
    fill(place, (await result("author_themes", [section.dataset.author])).html);
  } catch {
    place.textContent = "";
    button.hidden = false;
  }
  place.setAttribute("aria-busy", "false");
}

button.addEventListener("click", find);
if (section.dataset.soon) find();
else button.hidden = false;
