// Print the page from a button.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
