// Quick View: a panel from the right that leaves the list alone. The address remembers what is open.
const drawer = document.getElementById("drawer");
const body = document.getElementById("drawer-body");
let opener = null;
let pending = null;

function remember(key) {
  const address = new URL(location);
  if (key) address.searchParams.set("quick", key);
  else address.searchParams.delete("quick");
  history.replaceState(history.state, "", address);
}

function markRow(row) {
  document.querySelector("tr.is-open")?.classList.remove("is-open");
  row?.classList.add("is-open");
}

async function fetchInto(link) {
  pending?.abort();
  pending = new AbortController();
  const headers = { "HX-Request": "true", "HX-Target": "drawer-body" };
  const answer = await fetch(link.dataset.quickUrl ?? link.href, { headers, signal: pending.signal });
  if (!answer.ok || answer.redirected) throw new Error(`Quick View answered ${answer.status}`);
  body.innerHTML = await answer.text();
  htmx.process(body);
  body.scrollTop = 0;
}

async function show(link, { keepFocus }) {
  drawer.classList.add("is-loading");
  try {
    await fetchInto(link);
  } catch (problem) {
    if (problem.name !== "AbortError") location.assign(link.href);
    return;
  }
  opener = link;
  drawer.hidden = false;
  drawer.classList.remove("is-loading");
  remember(link.dataset.quickView);
  markRow(link.closest("tr"));
  if (!keepFocus) drawer.focus();
}

function close() {
  if (!drawer || drawer.hidden) return;
  pending?.abort();
  const inside = drawer.contains(document.activeElement) || document.activeElement === document.body;
  drawer.hidden = true;
  body.replaceChildren();
  remember("");
  markRow(null);
  if (inside) (opener?.closest("tr[tabindex]") ?? opener)?.focus();
}

function showRemembered() {
  const key = new URL(location).searchParams.get("quick");
  const link = key && document.querySelector(`[data-quick-view="${CSS.escape(key)}"]`);
  if (link) show(link, { keepFocus: true });
}

if (drawer) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-drawer-close]")) close();
    const link = event.target.closest("[data-quick-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link, { keepFocus: false });
  });
  document.addEventListener("quick-view", (event) => show(event.target, { keepFocus: true }));
  document.addEventListener("keydown", (event) => {
    const above = document.querySelector("dialog[open], details.menu[open], details.popover[open]");
    if (event.key === "Escape" && !event.defaultPrevented && !above) close();
  });
  showRemembered();
}
