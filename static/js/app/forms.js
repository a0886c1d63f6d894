// A form is sent once; whoever comes back to the page may send it again.
const busy = new Set();

function release() {
  for (const form of busy) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
  busy.clear();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[data-repeatable]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  busy.add(form);
});
addEventListener("pageshow", release);
document.addEventListener("htmx:afterRequest", release);

// Selects that choose a view of the page apply at once; the button beside them serves without JavaScript.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-apply]")) event.target.form.requestSubmit();
});

// Filters leave empty fields out of the address.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-tidy]")) return;
  const empty = [...event.target.elements].filter((field) => field.name && !field.value && !field.disabled);
  for (const field of empty) field.disabled = true;
  setTimeout(() => empty.forEach((field) => (field.disabled = false)));
});

// Complaints about what was typed go once the answer says that it is right.
document.addEventListener("htmx:afterSettle", () => {
  if (!document.querySelector("[data-clears-complaints]")) return;
  document.querySelectorAll("[data-complaint], main .invalid-feedback").forEach((words) => words.remove());
  for (const field of document.querySelectorAll("main .is-invalid")) {
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
  }
});
