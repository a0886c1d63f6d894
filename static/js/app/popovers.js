// Menus and filter panels close when one looks elsewhere; Escape gives the focus back.
const open = () => document.querySelectorAll("details.menu[open], details.popover[open]");

function leave(target) {
  for (const panel of open()) if (!panel.contains(target)) panel.open = false;
}

document.addEventListener("click", (event) => leave(event.target));
// A press on plain words inside a panel focuses whatever focusable element encloses the panel: that is not leaving.
document.addEventListener("focusin", (event) => event.target.querySelector("details[open]") || leave(event.target));
document.addEventListener("keydown", (event) => {
  const panel = event.key === "Escape" && open()[0];
  if (!panel) return;
  event.preventDefault();
  panel.open = false;
  panel.querySelector("summary").focus();
});
function enter(panel) {
  panel.querySelector(".popover-panel :is(input, select):not([type=hidden])")?.focus();
}
document.addEventListener("toggle", (event) => event.target.open && enter(event.target), true);
// Panels that fetch their content are entered once it is there.
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = event.target.closest("details.popover[open]");
  if (panel) enter(panel);
});
