// A switch turns at once and turns back when the server could not save it.
const isSwitch = (element) => element?.matches?.(".switch");
const turn = (element) => element.setAttribute("aria-checked", String(element.getAttribute("aria-checked") !== "true"));

document.addEventListener("htmx:beforeRequest", (event) => isSwitch(event.detail.elt) && turn(event.detail.elt));
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"])
  document.addEventListener(failure, (event) => isSwitch(event.detail.elt) && turn(event.detail.elt));
