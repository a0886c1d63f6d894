// Menus and filter panels close when one looks elsewhere; Escape gives the focus back.
const open = () => document.querySelectorAll("details.menu[open], details.popover[open]");

document.addEventListener("click", (event) => {
  for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
});
document.addEventListener("keydown", (event) => {
  const panel = event.key === "Escape" && open()[0];
  if (!panel) return;
  event.preventDefault();
  panel.open = false;
  panel.querySelector("summary").focus();
});
document.addEventListener("toggle", (event) => {
  if (event.target.open) event.target.querySelector(".popover-panel :is(input, select):not([type=hidden])")?.focus();
}, true);
