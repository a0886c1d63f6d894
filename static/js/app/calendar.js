// The touchpoint calendar: steps dragged or moved by keys on the timeline, in step with the rows in which they are typed.
const form = document.querySelector("form[data-calendar]");
const boards = form ? [...form.querySelectorAll("[data-board]")] : [];
const rows = form?.querySelector("[data-rows-of-steps]");
const margin = 0.03;
const root = (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
const limits = (board) => ({ first: +board.dataset.first, last: +board.dataset.last, least: +board.dataset.least, most: +board.dataset.most });

function placeOf(board, value) {
  const { first, last } = limits(board);
  const inside = Math.min(Math.max(value, first), last);
  return margin + ((1 - 2 * margin) * (root(inside) - root(first))) / (root(last) - root(first));
}

function valueAt(board, place) {
  const { first, last, least, most } = limits(board);
  const distance = root(first) + ((place - margin) / (1 - 2 * margin)) * (root(last) - root(first));
  return Math.min(Math.max(Math.round(Math.sign(distance) * distance * distance), least), most);
}

function partsOf(row) {
  const part = (name) => row.querySelector(`[name$="-${name}"]`);
  return { channel: part("channel"), amount: part("amount"), when: part("when"), tone: part("tone"), remove: part("DELETE") };
}

const rowOf = (handle) => rows.querySelector(`[data-row="${handle.dataset.step}"]`);
const handleOf = (row) => form.querySelector(`[data-step="${row.dataset.row}"]`);
const boardOf = (handle) => handle.closest("[data-board]");

// A row as a place: the board it belongs to and the value on it.
function typed({ amount, when }) {
  const number = Math.abs(parseInt(amount.value, 10) || 0);
  return when.value === "share" ? { board: "life", value: -number } : { board: "order", value: when.value === "after" ? number : -number };
}

function markOf(board, value) {
  if (board.dataset.board === "life") return `${-value} %`;
  return value < 0 ? `−${-value}` : value > 0 ? `+${value}` : "0";
}

function show(handle, row) {
  const parts = partsOf(row);
  const { board: key, value } = typed(parts);
  const board = boards.find((one) => one.dataset.board === key);
  const lane = board.querySelector(`[data-lane="${parts.channel.value}"]`);
  if (handle.parentElement !== lane) lane.append(handle);
  handle.setAttribute("x", `${(placeOf(board, value) * 100).toFixed(2)}%`);
  handle.setAttribute("class", `touch-step tone-${parts.tone.value}`);
  handle.classList.toggle("is-gone", parts.remove.checked);
  handle.setAttribute("aria-label", lane.getAttribute("aria-label"));
  handle.setAttribute("aria-valuemin", board.dataset.least);
  handle.setAttribute("aria-valuemax", board.dataset.most);
  handle.setAttribute("aria-valuenow", value);
  handle.setAttribute("aria-valuetext", `${parts.amount.value} ${parts.when.selectedOptions[0].text}`);
  handle.querySelector("text").textContent = markOf(board, value);
  parts.channel.dataset.now = parts.channel.value;
}

function move(handle, value) {
  const { amount, when } = partsOf(rowOf(handle));
  amount.value = Math.abs(value);
  if (boardOf(handle).dataset.board === "order") when.value = value > 0 ? "after" : "before";
  show(handle, rowOf(handle));
}

const tell = (handle) => partsOf(rowOf(handle)).amount.dispatchEvent(new Event("change", { bubbles: true }));

// Dragging; Escape lets the step go where it was.
let held = null;

function letGo(isKept) {
  if (!held) return;
  const { handle, row, before, moved } = held;
  held = null;
  handle.classList.remove("is-held");
  row.classList.remove("is-held");
  if (!isKept) move(handle, before);
  if (moved) tell(handle);
}

function pick(event) {
  const handle = event.target.closest("[data-step]");
  if (!handle || event.button) return;
  event.preventDefault();
  handle.focus();
  handle.setPointerCapture(event.pointerId);
  held = { handle, row: rowOf(handle), before: +handle.getAttribute("aria-valuenow"), moved: false };
  held.row.classList.add("is-held");
}

function drag(event) {
  if (!held) return;
  const track = held.handle.parentElement.getBoundingClientRect();
  const value = valueAt(boardOf(held.handle), (event.clientX - track.left) / track.width);
  held.moved = true;
  move(held.handle, value);
  held.handle.classList.add("is-held");
}

const strides = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7 };

function press(event) {
  const handle = event.target.closest("[data-step]");
  if (event.key === "Escape" && held) letGo(false);
  if (!handle || event.ctrlKey || event.metaKey || event.altKey) return;
  const { least, most } = limits(boardOf(handle));
  const now = +handle.getAttribute("aria-valuenow");
  const wanted = { Home: least, End: most }[event.key] ?? now + (strides[event.key] ?? NaN);
  if (event.key === "Delete") partsOf(rowOf(handle)).remove.click();
  if (Number.isNaN(wanted)) return;
  event.preventDefault();
  event.stopPropagation();
  move(handle, Math.min(Math.max(wanted, least), most));
  tell(handle);
}

// Another step: a row and its handle, on the first day that is free.
const proposed = [14, 21, 45, 75, 10, 5, 1];

function add(channel) {
  const total = form.querySelector('[name="step-TOTAL_FORMS"]');
  const number = total.value;
  const page = document.createElement("template");
  page.innerHTML = form.querySelector("[data-new-row]").innerHTML.replaceAll("__prefix__", number);
  const row = page.content.querySelector("[data-row]");
  const handle = document.importNode(form.querySelector("[data-new-handle]").content.querySelector(".touch-step"), true);
  const parts = partsOf(row);
  const taken = [...rows.querySelectorAll('[name$="-amount"]')].map((field) => +field.value);
  parts.channel.value = channel;
  parts.amount.value = proposed.find((day) => !taken.includes(day)) ?? "";
  if (channel === "email") row.querySelector('[name$="-letter"]').value = "days_30";
  rows.append(row);
  total.value = +number + 1;
  handle.dataset.step = number;
  show(handle, row);
  parts.amount.focus();
  parts.amount.select();
  tell(handle);
}

function follow(event) {
  const row = event.target.closest("[data-row]");
  const handle = row && handleOf(row);
  if (handle && partsOf(row).amount.value !== "") show(handle, row);
  if (row) partsOf(row).channel.dataset.now = partsOf(row).channel.value;
}

if (form) {
  form.addEventListener("pointerdown", pick);
  form.addEventListener("pointermove", drag);
  form.addEventListener("pointerup", () => letGo(true));
  form.addEventListener("pointercancel", () => letGo(false));
  form.addEventListener("keydown", press);
  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-step]");
    if (!button) return;
    event.preventDefault();
    add(button.dataset.addStep);
  });
  for (const row of rows.querySelectorAll("[data-row]")) partsOf(row).channel.dataset.now = partsOf(row).channel.value;
}
