// Lists by keyboard: arrows (j, k) move between rows, Enter opens Quick View, x or space selects; letters can be switched off.
const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
const hasLetters = document.body.dataset.shortcuts !== "off";
const drawer = document.getElementById("drawer");
const rowsOf = (table) => [...table.querySelectorAll("tbody > tr")];

function prepare() {
  for (const table of document.querySelectorAll("table[data-rows]:not(:has(tr[tabindex='0']))"))
    rowsOf(table).forEach((row, position) => (row.tabIndex = position ? -1 : 0));
}

function moveTo(row) {
  for (const other of row.parentElement.children) other.tabIndex = -1;
  row.tabIndex = 0;
  row.focus();
  const link = row.querySelector("[data-quick-view]");
  if (link && drawer && !drawer.hidden) link.dispatchEvent(new Event("quick-view", { bubbles: true }));
}

function rowOf(target) {
  return target.closest("table[data-rows] tbody > tr") ?? document.querySelector("table[data-rows] tr.is-open");
}

function move(event, step) {
  const inDrawer = event.target.closest("#drawer") && event.target !== drawer;
  const row = rowOf(event.target);
  const letter = event.key.length === 1;
  if (!letter && (inDrawer || !row)) return;
  const next = row ? rowsOf(row.closest("table"))[row.sectionRowIndex + step] : document.querySelector("table[data-rows] tr[tabindex='0']");
  event.preventDefault();
  if (next) moveTo(next);
}

function act(event, row) {
  const wanted = { Enter: "[data-quick-view]", x: ".row-select", " ": ".row-select" }[event.key];
  const control = wanted && row.querySelector(wanted);
  if (!control) return;
  event.preventDefault();
  control.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (/^[a-z]$/.test(event.key) && !hasLetters) return;
  if (steps[event.key]) move(event, steps[event.key]);
  else if (event.target.matches("table[data-rows] tbody > tr")) act(event, event.target);
});
document.addEventListener("htmx:load", prepare);
prepare();
