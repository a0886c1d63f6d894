// One search box: "/" focuses it, arrows walk through the results, Enter follows, Escape closes.
const field = document.querySelector("[data-search]");
const list = field && document.getElementById(field.getAttribute("aria-controls"));
const results = () => [...list.querySelectorAll("[role=option]")];
const active = () => list.querySelector("[aria-selected=true]");

function mark(result) {
  active()?.setAttribute("aria-selected", "false");
  result?.setAttribute("aria-selected", "true");
  result?.scrollIntoView({ block: "nearest" });
  if (result) field.setAttribute("aria-activedescendant", result.id);
  else field.removeAttribute("aria-activedescendant");
}

function close() {
  list.replaceChildren();
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function walk(step) {
  const all = results();
  const next = (all.indexOf(active()) + step + all.length) % all.length;
  mark(all[next] ?? all[0]);
}

const keys = {
  ArrowDown: () => walk(1),
  ArrowUp: () => walk(active() ? -1 : 0),
  Enter: () => active()?.click(),
  Escape: close,
};

if (field) {
  field.addEventListener("keydown", (event) => {
    const wanted = event.key === "Enter" ? active() : results().length;
    if (!keys[event.key] || !wanted) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  list.addEventListener("htmx:afterSwap", () => {
    results().forEach((result, position) => (result.id = `search-result-${position}`));
    field.setAttribute("aria-expanded", String(list.childElementCount > 0));
    if (!field.value.trim()) close();
  });
  document.addEventListener("click", (event) => event.target.closest(".search") || close());
  field.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !field.form.contains(event.relatedTarget)) close();
  });
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || document.body.dataset.shortcuts === "off" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.select();
  });
}
