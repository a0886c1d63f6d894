// Dialogs open from links that also work without them; data-confirm asks once before a form acts.
const question = document.getElementById("confirm");
let waiting = null;

function ask(words, action, proceed) {
  question.querySelector("[data-confirm-words]").textContent = words;
  const yes = question.querySelector("[data-confirm-yes]");
  yes.textContent = action || yes.dataset.words;
  waiting = proceed;
  question.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.closest("[data-dialog-close]") || event.target.matches("dialog[open]"))
    event.target.closest("dialog").close();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asks = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!asks || !question || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(asks, event.submitter?.dataset.confirmAction ?? form.dataset.confirmAction, () => {
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter);
    delete form.dataset.confirmed;
  });
}, true);

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question || !question) return;
  event.preventDefault();
  ask(event.detail.question, event.detail.elt.dataset.confirmAction, () => event.detail.issueRequest(true));
});

question?.addEventListener("close", () => {
  if (question.returnValue === "yes") waiting?.();
  waiting = null;
  question.returnValue = "";
});
