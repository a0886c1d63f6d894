// Copy what the button names: its own text in data-copy, or the element of data-copy-from.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  await navigator.clipboard.writeText(source ? (source.value ?? source.textContent.trim()) : button.dataset.copy);
  button.classList.add("is-copied");
  const words = button.querySelector("[data-copied]");
  if (words) words.textContent = words.dataset.copied;
});
