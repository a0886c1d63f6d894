// Short notes: read aloud, gone after a while unless they offer an undo or somebody is reading them.
const stay = 7000;
const toasts = document.getElementById("toasts");

function leave(note) {
  if (note.matches(":hover, :focus-within")) setTimeout(leave, stay, note);
  else note.remove();
}

function say(text) {
  const note = document.createElement("div");
  note.className = "alert alert-bad";
  note.textContent = text;
  toasts.append(note);
  setTimeout(leave, 2 * stay, note);
}

// Once a newer note undoes a deed at the same address, an older one need not.
const undoOf = (note) => note.querySelector("form")?.action.split("?")[0];

function arrive(note) {
  if (note.nodeType !== Node.ELEMENT_NODE) return;
  const undo = undoOf(note);
  if (undo) for (const older of toasts.children) older !== note && undoOf(older) === undo && older.remove();
  else if (!note.matches(".alert-bad")) setTimeout(leave, stay, note);
}

if (toasts) {
  new MutationObserver((changes) => changes.flatMap((change) => [...change.addedNodes]).forEach(arrive)).observe(toasts, { childList: true });
  document.addEventListener("htmx:responseError", () => say(toasts.dataset.refused));
  document.addEventListener("htmx:sendError", () => say(toasts.dataset.unreachable));
}
document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss], [data-bs-dismiss]")?.closest(".alert")?.remove();
});
