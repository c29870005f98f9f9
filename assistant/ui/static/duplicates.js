// The pairs are still looked for: the page is opened again when they are found.
import { result } from "./calls.js";

try {
  await result("find_duplicates");
  location.reload();
} catch (error) {
  const place = document.querySelector(".waiting");
  place.classList.remove("waiting");
  place.textContent = error.message;
}
