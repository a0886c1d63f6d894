// Variables go where the cursor stands; whoever leaves with unsaved words is asked once.
let field = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-insert-into]")) field = event.target;
});

document.addEventListener("click", (event) => {
  const pick = event.target.closest("[data-insert]");
  if (!pick) return;
  const target = field?.isConnected ? field : document.querySelector("textarea[data-insert-into]");
  target.setRangeText(pick.dataset.insert, target.selectionStart, target.selectionEnd, "end");
  target.focus();
  target.dispatchEvent(new Event("input", { bubbles: true }));
});

const unsaved = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-unsaved]");
  if (form) unsaved.add(form);
});
document.addEventListener("submit", (event) => unsaved.delete(event.target));
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
});

// The chosen look stays when the preview is drawn anew.
let look = "desktop";
document.addEventListener("change", (event) => {
  if (event.target.name === "look-as") look = event.target.value;
});
document.addEventListener("htmx:afterSwap", () => {
  const wanted = document.querySelector(`[name="look-as"][value="${look}"]`);
  if (wanted) wanted.checked = true;
});
