// Tells that a person reads the page: once, after the first press, key or turn of the wheel, never by loading it.
// What scripts make up is not trusted, and what comes within the first second is no reader.
const page = document.querySelector("[data-seen]");
const signs = ["pointerdown", "keydown", "wheel", "touchmove"];
const shown = performance.now();

function tell(event) {
  if (!event.isTrusted || event.timeStamp - shown < 1000) return;
  for (const sign of signs) removeEventListener(sign, tell);
  const token = document.querySelector('meta[name="csrf-token"]').content;
  fetch(page.dataset.seen, { method: "POST", headers: { "X-CSRFToken": token }, keepalive: true });
}

if (page) for (const sign of signs) addEventListener(sign, tell, { passive: true });
