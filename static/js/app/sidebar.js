// Wide screens fold the sidebar and remember it; narrow ones slide it in over the page.
const page = document.documentElement;
const wide = matchMedia("(min-width: 1024px)");
const year = 365 * 24 * 3600;

function fold(narrow) {
  if (narrow) page.dataset.sidebar = "narrow";
  else delete page.dataset.sidebar;
  document.cookie = `sidebar=${narrow ? "narrow" : "wide"}; path=/; max-age=${year}; samesite=lax`;
  name();
}

function name() {
  const narrow = page.dataset.sidebar === "narrow";
  document.querySelector("[data-sidebar-fold]")?.setAttribute("aria-expanded", String(!narrow));
  for (const entry of document.querySelectorAll(".sidebar-entry, .sidebar-action"))
    entry.title = narrow ? entry.querySelector(".sidebar-label").textContent.trim() : "";
}

function slide(open) {
  if (open) page.dataset.nav = "open";
  else delete page.dataset.nav;
  document.querySelector(".workspace")?.toggleAttribute("inert", open);
  document.querySelector("[data-nav-open]")?.setAttribute("aria-expanded", String(open));
  document.querySelector(open ? ".sidebar-close" : "[data-nav-open]")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sidebar-fold]")) fold(page.dataset.sidebar !== "narrow");
  const opener = event.target.closest("[data-nav-open]");
  if (opener || event.target.closest("[data-nav-close]")) {
    event.preventDefault();
    slide(Boolean(opener));
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && page.dataset.nav === "open") slide(false);
});
wide.addEventListener("change", () => page.dataset.nav === "open" && slide(false));
name();
