// Calls by keyboard: one key per outcome, in the list on the row in focus, on a call's own page anywhere; Enter opens.
const callKeys = document.body.dataset.shortcuts !== "off";

function wayOf(scope, key) {
  return scope?.querySelector(`[data-way="${CSS.escape(key)}"]`);
}

// Where an outcome asks for more, its fields come into sight with the first of them in focus.
function take(way) {
  const more = way.closest("details");
  if (!more) return way.click();
  more.open = true;
  more.querySelector("input")?.focus();
}

function askAbout(opener) {
  const dialog = document.getElementById(`ask-${opener.dataset.asks}`);
  const form = dialog?.querySelector("form");
  if (!form) return false;
  form.reset();
  form.action = opener.dataset.action;
  form.setAttribute("hx-post", opener.dataset.action);
  form.setAttribute("hx-target", `#${opener.closest("tr").id}`);
  htmx.process(form);
  dialog.querySelector("[data-question-customer]").textContent = opener.dataset.customer;
  dialog.showModal();
  return true;
}

// Nothing has the focus yet: an arrow begins at the first call.
function begin(event) {
  const first = document.querySelector("[data-call-keys] ~ * table[data-rows] tbody > tr");
  if (event.key !== "ArrowDown" || document.activeElement !== document.body || !first) return false;
  event.preventDefault();
  first.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (begin(event)) return;
  const row = event.target.closest("table[data-rows] tbody > tr");
  const opens = row === event.target && event.key === "Enter" && row.querySelector("[data-opens]");
  const letter = callKeys && /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : "";
  const way = letter && (wayOf(row, letter) ?? (row ? null : wayOf(document.getElementById("outcome"), letter)));
  if (!opens && !way) return;
  event.preventDefault();
  if (opens) opens.click();
  else take(way);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-asks]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (askAbout(opener)) event.preventDefault();
});

// What was asked for is noted: the question goes, and the row that answers has the focus, unless somebody has moved on.
document.addEventListener("htmx:beforeSwap", (event) => {
  const dialog = event.detail.requestConfig?.elt?.closest?.("dialog.call-question");
  if (event.detail.xhr.status === 422 && dialog) dialog.querySelector("form").submit();
  else dialog?.close();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const id = event.detail.requestConfig?.target?.id ?? "";
  const row = id.startsWith("call-") ? document.getElementById(id) : null;
  const isLost = !document.activeElement || document.activeElement === document.body;
  if (!isLost || !row?.matches("table[data-rows] tbody > tr")) return;
  row.tabIndex = 0;
  row.focus();
});
