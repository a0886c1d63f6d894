// Counts a banner down to its end, once a second; without it the figures stand as they were when the page was made.
const place = document.querySelector("[data-countdown]");
const end = Date.parse(place.dataset.countdown);

function show() {
  const minutes = Math.max(Math.floor((end - Date.now()) / 60000), 0);
  place.querySelector("[data-days]").textContent = Math.floor(minutes / 1440);
  place.querySelector("[data-hours]").textContent = Math.floor(minutes / 60) % 24;
  place.querySelector("[data-minutes]").textContent = minutes % 60;
}

show();
setInterval(show, 1000);
