// Counts a banner down once a second, from what was left when the page was made: visitors' own clocks may be wrong.
// Without it the figures stand as they were.
const place = document.querySelector("[data-countdown]");
const seconds = Number(place.dataset.countdown);

function show() {
  const minutes = Math.max(Math.floor((seconds - performance.now() / 1000) / 60), 0);
  place.querySelector("[data-days]").textContent = Math.floor(minutes / 1440);
  place.querySelector("[data-hours]").textContent = Math.floor(minutes / 60) % 24;
  place.querySelector("[data-minutes]").textContent = minutes % 60;
}

show();
setInterval(show, 1000);
