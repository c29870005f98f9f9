// What every page does: short remarks that come and go, copying, tables that sort.
export const root = document.body.dataset.root || "";
export const phrases = document.body.dataset; // what is said where the server itself says nothing

/** Say something for a few seconds; `undo` is a function that a button offers. */
export function toast(words, undo, label) {
  const place = document.getElementById("toasts");
  const shown = document.createElement("div");
  shown.className = "toast";
  shown.append(words);
  const gone = window.setTimeout(() => shown.remove(), undo ? 10000 : 5000);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      window.clearTimeout(gone);
      shown.remove();
      undo();
    });
    shown.append(" ", button);
  }
  place.append(shown);
}

/** Put HTML that this server wrote in the place of what an element holds. */
export function fill(element, html) {
  element.replaceChildren(document.createRange().createContextualFragment(html));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const what = button.dataset.copy ? document.getElementById(button.dataset.copy).textContent : button.dataset.text;
  await navigator.clipboard.writeText(what.trim());
  toast(button.dataset.said);
});

// A table of class "sortable" sorts by a click on a heading's button; figures as figures, texts as texts.
document.addEventListener("click", (event) => {
  const button = event.target.closest("table.sortable th button");
  if (!button) return;
  const heading = button.closest("th");
  const table = heading.closest("table");
  const column = [...heading.parentNode.children].indexOf(heading);
  const rising = heading.getAttribute("aria-sort") !== "ascending";
  for (const each of heading.parentNode.children) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const value = (row) => {
    const cell = row.children[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const compare = (one, other) => {
    const figures = [Number(one), Number(other)];
    return one && other && figures.every(Number.isFinite) ? figures[0] - figures[1] : order.compare(one, other);
  };
  const rows = [...table.tBodies[0].rows].sort((one, other) => compare(value(one), value(other)));
  table.tBodies[0].append(...(rising ? rows : rows.reverse()));
});
