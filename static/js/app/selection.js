// Selected rows: the count, the whole page at once, and the bar that acts on them.
const boxes = (scope) => [...scope.querySelectorAll(".row-select:enabled")];

function refresh(scope) {
  const all = boxes(scope);
  const count = all.filter((box) => box.checked).length;
  const page = scope.querySelector("[data-select-page]");
  const bar = scope.querySelector(".bulk-bar");
  if (page) {
    page.checked = count > 0 && count === all.length;
    page.indeterminate = count > 0 && count < all.length;
  }
  if (!bar) return;
  bar.classList.toggle("is-active", count > 0);
  bar.classList.toggle("is-whole-page", count > 0 && count === all.length);
  bar.querySelector("[data-selected-count]").textContent = count;
  const everything = bar.querySelector("[data-select-everything]");
  if (everything && count < all.length) everything.checked = false;
}

function choose(scope, checked) {
  for (const box of boxes(scope)) box.checked = checked;
  refresh(scope);
}

document.addEventListener("change", (event) => {
  const scope = event.target.closest("[data-selection]");
  if (!scope) return;
  if (event.target.matches("[data-select-page]")) choose(scope, event.target.checked);
  else if (event.target.matches(".row-select")) refresh(scope);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-select-none]")) choose(event.target.closest("[data-selection]"), false);
});
const refreshAll = () => document.querySelectorAll("[data-selection]").forEach(refresh);
document.addEventListener("htmx:load", refreshAll);
addEventListener("pageshow", refreshAll);
