// Light, dark or as the system says: shown at once, remembered by the server.
function show(theme) {
  if (theme === "system") delete document.documentElement.dataset.bsTheme;
  else document.documentElement.dataset.bsTheme = theme;
  for (const choice of document.querySelectorAll("[data-theme-choice]"))
    choice.setAttribute("aria-pressed", String(choice.value === theme));
}

document.addEventListener("submit", (event) => {
  const choice = event.submitter;
  if (!choice?.matches("[data-theme-choice]")) return;
  event.preventDefault();
  show(choice.value);
  fetch(event.target.action, { method: "POST", body: new FormData(event.target, choice), redirect: "manual" });
}, true);
