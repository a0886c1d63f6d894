// htmx sends the page's token with everything that acts.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (event.detail.verb !== "get" && token) event.detail.headers["X-CSRFToken"] = token.content;
});
