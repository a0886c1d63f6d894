// A key made in this browser. It leaves as a file for the person and in no other way; the form gets its request (CSR).
const KINDS = {
  "RSA 2048": rsa(2048),
  "RSA 3072": rsa(3072),
  "RSA 4096": rsa(4096),
  "ECDSA P-256": ecdsa("P-256", "SHA-256"),
  "ECDSA P-384": ecdsa("P-384", "SHA-384"),
};
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// RFC 5280 allows a common name no more.
const LONGEST_COMMON_NAME = 64;
const MINUTE = 60_000;

class BadName extends Error {}

// What stands between the press and the end of the visit: keys, file, the last request and the names in it.
let made = null;
let busy = false;
let unsaved = false;
let library = null;

function rsa(bits) {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: bits, publicExponent };
}

function ecdsa(namedCurve, hash) {
  return { name: "ECDSA", namedCurve, hash };
}

// The page

const maker = () => document.querySelector("[data-key-maker]");
const part = (name) => maker().querySelector(`[data-key-${name}]`);
const form = () => maker().closest("form");
const request = () => form().elements.csr;
// A request of an earlier showing of this page, which came back with what was typed.
const isKept = () => "kept" in maker().dataset && Boolean(request().value);
const isChosen = () => Boolean(maker() && form().querySelector('[name="key"][value="browser"]')?.checked);

function show(...states) {
  for (const words of maker().querySelectorAll("[data-key-state]")) {
    words.hidden = !words.dataset.keyState.split(" ").some((state) => states.includes(state));
  }
  // What was made is not thrown away by the press that made it.
  if (made) part("make").hidden = true;
  for (const fact of maker().querySelectorAll("[data-key-file]")) fact.textContent = made?.file ?? "";
}

function state() {
  if (!globalThis.crypto?.subtle) return "insecure";
  if (!made) return isKept() ? "earlier" : "ready";
  if (unsaved) return "unsaved";
  if (!isCurrent()) return "outdated";
  return part("kind").value === made.kind ? "made" : "another";
}

function showWhatStands() {
  if (!maker() || busy) return;
  for (const choice of document.querySelectorAll("[data-key-offer]")) choice.hidden = false;
  show(state());
}

function showProblem(problem) {
  part("bad-name").textContent = problem.message;
  const named = problem.message ? "bad-name" : "no-names";
  show(problem instanceof BadName ? named : "failed", ...(made ? [state()] : []));
}

// Names

function asHost(typed) {
  const star = typed.startsWith("*.") ? "*." : "";
  const host = asALabels(typed.slice(star.length), typed).replace(/\.$/, "");
  const labels = host.split(".");
  if (labels.length < 2 || /^\d+$/.test(labels.at(-1)) || !labels.every((label) => LABEL.test(label)))
    throw new BadName(typed);
  return star + host;
}

function asALabels(host, typed) {
  if (/^[\x21-\x7e]*$/.test(host)) return host.toLowerCase();
  try {
    return new URL(`https://${host}`).hostname;
  } catch {
    throw new BadName(typed);
  }
}

function hosts() {
  const typed = maker().dataset.names || form().elements.names.value;
  const found = [...new Set(typed.split(/[\s,]+/).filter(Boolean).map(asHost))];
  if (!found.length) throw new BadName("");
  return found;
}

function isCurrent() {
  try {
    return made.names.join() === hosts().join();
  } catch {
    return false;
  }
}

// Key and request

function load() {
  library ??= new Promise((loaded, failed) => {
    const script = Object.assign(document.createElement("script"), { src: maker().dataset.library });
    script.addEventListener("load", loaded);
    script.addEventListener("error", () => {
      library = null;
      failed(new Error(`${script.src} did not load`));
    });
    document.head.append(script);
  });
  return library;
}

async function makeRequest(keys, kind, names) {
  const commonName = names[0].length <= LONGEST_COMMON_NAME ? [{ CN: [names[0]] }] : [];
  const alternative = names.map((value) => ({ type: "dns", value }));
  const signed = await x509.Pkcs10CertificateRequestGenerator.create({
    name: commonName,
    keys,
    signingAlgorithm: KINDS[kind],
    extensions: [new x509.SubjectAlternativeNameExtension(alternative)],
  });
  return `${signed.toString("pem")}\n`;
}

// As the guides call it.
function fileName(host) {
  return `${host.replace("*", "wildcard").slice(0, 100)}.key`;
}

async function makeKey() {
  const names = hosts();
  const kind = part("kind").value;
  await load();
  const keys = await crypto.subtle.generateKey(KINDS[kind], true, ["sign", "verify"]);
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  const written = await makeRequest(keys, kind, names);
  made = { keys, kind, names, key: `${key}\n`, file: fileName(names[0]), request: written };
  unsaved = true;
  save();
}

async function remakeRequest() {
  const names = hosts();
  Object.assign(made, { names, request: await makeRequest(made.keys, made.kind, names) });
}

function save() {
  const file = new Blob([made.key], { type: "application/x-pem-file" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: made.file });
  link.click();
  unsaved = false;
  setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
}

// One thing at a time; what went wrong is said, and what was made before stands.
async function attempt(work) {
  if (busy) return false;
  let problem = null;
  busy = true;
  part("make").ariaBusy = "true";
  show("making");
  try {
    await work();
  } catch (thrown) {
    problem = thrown;
  }
  busy = false;
  part("make").ariaBusy = null;
  if (made) request().value = made.request;
  showWhatStands();
  if (problem && !unsaved) showProblem(problem);
  return !problem;
}

// What people do

function choose() {
  form().querySelector('[name="key"][value="browser"]').checked = true;
  return DEEDS.make();
}

const DEEDS = {
  choose,
  make: async () => (await attempt(makeKey)) && part("save").focus(),
  remake: async () => (await attempt(remakeRequest)) && part("save").focus(),
  save: () => attempt(save),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-key-press]");
  if (button) DEEDS[button.dataset.keyPress]();
});
document.addEventListener("input", (event) => {
  if (event.target.name === "names") showWhatStands();
});
document.addEventListener("change", (event) => {
  if (event.target.name === "key" || event.target === (maker() && part("kind"))) showWhatStands();
});

function mayBeSent() {
  if (busy || unsaved) return false;
  if (!made) return isKept();
  request().value = made.request;
  return isCurrent();
}

// Nothing is sent before there is a request for these names; with the key at hand it is made again on the way.
document.addEventListener("submit", async (event) => {
  const { target, submitter } = event;
  // Presses with a name of their own look again, or ask for a quote: they need no key.
  if (!isChosen() || target !== form() || submitter?.name || mayBeSent()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (busy) return;
  if (made && !unsaved) {
    // A form is not sent again from within its own event, and signing can be as quick as that.
    if (await attempt(remakeRequest)) setTimeout(() => target.requestSubmit(submitter));
    return;
  }
  if (state() === "ready") show("needed");
  part(unsaved ? "save" : "make").focus();
}, true);

addEventListener("beforeunload", (event) => {
  if (busy || unsaved) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", showWhatStands);
showWhatStands();
