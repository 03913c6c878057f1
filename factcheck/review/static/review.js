// The review page made quick: keys press what is on the page, the document follows the claim that is chosen.
// Everything it does can be done without it, by links and forms. Text from a report is only ever set as text.
"use strict";

const pane = document.getElementById("pane");
const article = document.getElementById("document");
const notice = document.getElementById("notice");
const said = document.getElementById("said");
const filter = document.getElementById("filter");
const help = document.getElementById("help");
const sheet = document.getElementById("sheet");
const right = document.getElementById("right");

const ENDINGS = { c: "contradicted", s: "supported", u: "unverifiable", f: "failed" };
const SYMBOLS = { contradicted: "✘", supported: "✔", unverifiable: "?", failed: "!" };
const STATES = { "-": "", a: "accepted", o: "overruled", d: "disputed" };
const WORST_FIRST = ["contradicted", "failed", "unverifiable", "supported"];

const stretches = new Map(); // number of a claim -> its stretches of the document
const numbers = new Map(); // number of a claim -> the link that stands at its start
for (const stretch of article.querySelectorAll("[data-claims]")) {
  for (const number of stretch.dataset.claims.split(" ")) {
    if (!stretches.has(number)) stretches.set(number, []);
    stretches.get(number).push(stretch);
  }
}
for (const link of article.querySelectorAll("a.ref")) numbers.set(link.dataset.claim, link);

const drafts = new Map(); // number of a claim -> a comment that was begun and not saved
let shown = {};
let busy = 0; // answers under way
// a button pressed before htmx knows it loads the whole page; without htmx that is the way
let starting = "htmx" in window && !document.querySelector("[data-htmx-powered]");
let waiting = null; // a key pressed while an answer was under way; a decision's with the claim that was on the screen

// --- the document follows -------------------------------------------------------------------------------------------

function follow(scroll) {
  const view = pane.querySelector(".claim-view");
  if (!view) return;
  view.dataset.followed = "true";
  const before = shown;
  shown = { ...view.dataset };
  mark(before);
  dim(before);
  choose(before.claim, shown.claim, scroll);
  count();
  history.replaceState(null, "", shown.url);
}

/** Recolours the claims whose ending or state is another than the document shows. */
function mark(before) {
  const endings = before.endings ?? article.dataset.endings;
  const states = before.states ?? article.dataset.states;
  for (let i = 0; i < shown.endings.length; i += 1) {
    if (endings[i] === shown.endings[i] && states[i] === shown.states[i]) continue;
    const ending = ENDINGS[shown.endings[i]];
    const state = STATES[shown.states[i]];
    const link = numbers.get(String(i + 1));
    if (link) {
      link.dataset.ending = ending;
      link.dataset.state = state;
      link.querySelector(".sign").textContent = SYMBOLS[ending];
      link.querySelector(".vh").textContent = ` ${ending}${state && ", "}${state}`;
    }
    for (const stretch of stretches.get(String(i + 1)) ?? []) stretch.dataset.ending = worst(stretch);
  }
}

function worst(stretch) {
  const endings = stretch.dataset.claims.split(" ").map((number) => ENDINGS[shown.endings[number - 1]]);
  return WORST_FIRST.find((ending) => endings.includes(ending));
}

/** Fades the claims that the filter leaves out. */
function dim(before) {
  if (before.matches === shown.matches) return;
  for (const [number, own] of stretches) {
    numbers.get(number)?.classList.toggle("dim", shown.matches[number - 1] === "0");
    for (const stretch of own) {
      const all = stretch.dataset.claims.split(" ");
      stretch.classList.toggle("dim", all.every((other) => shown.matches[other - 1] === "0"));
    }
  }
}

function choose(before, now, scroll) {
  if (before !== now) {
    for (const stretch of stretches.get(before) ?? []) stretch.classList.remove("chosen");
    numbers.get(before)?.removeAttribute("aria-current");
  }
  const own = stretches.get(now) ?? [];
  for (const stretch of own) stretch.classList.add("chosen");
  numbers.get(now)?.setAttribute("aria-current", "true");
  if (before !== now) right.scrollTop = 0;
  if (scroll && own.length > 0) reveal(own[0]);
}

/** Scrolls only where the claim is not in sight: a page that jumps at every step is hard to read. */
function reveal(stretch) {
  const box = stretch.getClientRects()[0] ?? stretch.getBoundingClientRect();
  const top = document.querySelector("header.top").getBoundingClientRect().bottom;
  const covered = getComputedStyle(right).position === "fixed" ? right.getBoundingClientRect().top : innerHeight;
  if (box.top >= top + 24 && box.bottom <= covered - 24) return;
  scrollBy({ top: box.top - top - (covered - top) / 3, behavior: "instant" });
}

function count() {
  const counts = shown.counts.split(" ");
  const options = [...document.getElementById("state").options].slice(1);
  options.forEach((option, i) => {
    option.textContent = `${option.dataset.text} (${counts[i]})`;
  });
  document.getElementById("progress-bar").value = shown.endings.length ? Number(shown.reviewed) : 1;
}

// --- choosing a claim in the document -------------------------------------------------------------------------------

function show(number) {
  const query = new URLSearchParams(new URL(shown.url, location.href).search);
  query.set("claim", number);
  const url = `${new URL(shown.url, location.href).pathname}/claim?${query}`;
  htmx.ajax("GET", url, { source: pane, target: pane, swap: "innerHTML" });
  openSheet(true);
}

article.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.target.closest("a.ref");
  if (link) {
    event.preventDefault();
    show(link.dataset.claim);
    return;
  }
  const stretch = event.target.closest("[data-claims]");
  if (!stretch || String(getSelection())) return; // words were selected, not a claim
  const own = stretch.dataset.claims.split(" ");
  show(own[(own.indexOf(shown.claim) + 1) % own.length]);
});

// --- htmx -----------------------------------------------------------------------------------------------------------

document.addEventListener("htmx:after:process", () => {
  if (!starting) return;
  starting = false;
  pressWaiting();
});

document.addEventListener("htmx:before:request", () => {
  busy += 1;
  pane.setAttribute("aria-busy", "true");
  keepDraft();
});

document.addEventListener("htmx:after:swap", () => {
  const view = pane.querySelector(".claim-view");
  if (!view || view.dataset.followed) return; // a notice was put in, not a claim
  notice.replaceChildren();
  const isSaved = said.firstChild?.nodeType === Node.TEXT_NODE && said.firstChild.textContent.startsWith("Saved");
  if (isSaved && decided) drafts.delete(decided);
  follow(true);
  giveDraftBack();
  if (lostFocus && document.activeElement === document.body) pane.focus({ preventScroll: true });
});

let lostFocus = false;
let decided = null; // number of the claim whose decision is on its way
document.addEventListener("htmx:before:swap", () => {
  lostFocus = pane.contains(document.activeElement);
});

document.addEventListener("htmx:finally:request", () => {
  busy = Math.max(0, busy - 1);
  if (busy > 0) return;
  pane.removeAttribute("aria-busy");
  decided = null;
  pressWaiting();
});

document.addEventListener("htmx:error", () => {
  const line = document.createElement("p");
  line.className = "notice";
  line.textContent =
    "The server does not answer; what you did last was not saved. Is factcheck review still running? Start it again if not.";
  notice.replaceChildren(line);
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "decide") decided = shown.claim;
});

// the second click of a double click must not decide the claim that came up under it
pane.addEventListener(
  "click",
  (event) => {
    if (event.detail > 1 && event.target.closest("button")) {
      event.preventDefault();
      event.stopPropagation();
    }
  },
  true,
);

function keepDraft() {
  const field = document.getElementById("comment");
  if (!field || !shown.claim) return;
  if (field.value.trim()) drafts.set(shown.claim, field.value);
  else drafts.delete(shown.claim);
}

function giveDraftBack() {
  const field = document.getElementById("comment");
  if (field && drafts.has(shown.claim)) field.value = drafts.get(shown.claim);
}

addEventListener("beforeunload", (event) => {
  keepDraft();
  if (drafts.size > 0) event.preventDefault();
});

// --- keys -----------------------------------------------------------------------------------------------------------

const MOVES = new Set(["j", "k", "n"]);
const DECISIONS = new Set(["a", "s", "c", "u", "z"]);

function press(key) {
  const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (!found) {
    if (key === "a" && shown.claim) tell("There is no verdict to accept here; give a label.");
    if (key === "j" || key === "k" || key === "n") tell(`No ${key === "k" ? "earlier" : "further"} claim here.`);
    if (key === "z") tell("There is nothing of yours to take back.");
    return;
  }
  if (found.matches("textarea, input[type=search]")) {
    openSheet(found.matches("textarea") || !sheet.checkVisibility());
    if (found.form === filter) filters.open = true;
    found.focus();
    found.select?.();
  } else found.click();
}

function pressWaiting() {
  const next = waiting;
  waiting = null;
  if (next && (MOVES.has(next.key) || next.claim === shown.claim)) press(next.key);
}

function tell(text) {
  said.textContent = text;
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape") {
    if (help.open) return; // the dialog closes itself
    event.preventDefault(); // or it would empty a search field
    if (field) field.blur();
    else openSheet(false);
    return;
  }
  if (field) {
    const isComment = field.id === "comment" && event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (isComment && busy === 0) {
      event.preventDefault();
      pane.focus({ preventScroll: true }); // the next key is for the claim again
      document.getElementById("do-comment").click();
    }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help.open) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isOurs = MOVES.has(key) || DECISIONS.has(key) || ["m", "o", "e", "/", "?"].includes(key);
  if (!isOurs) return;
  event.preventDefault();
  if (DECISIONS.has(key) && event.repeat) return;
  const isStep = MOVES.has(key) || DECISIONS.has(key);
  if (busy === 0 && !(starting && isStep)) press(key);
  else if (isStep) waiting = { key, claim: shown.claim }; // a decision is never for a claim not yet on the screen
});

document.getElementById("help-button").addEventListener("click", () => help.showModal());

/** Whether the filter shows every claim. */
function shownByFilter() {
  return !article.dataset.matches.includes("0");
}

// --- the sheet of a narrow page -------------------------------------------------------------------------------------

function openSheet(open) {
  document.body.classList.toggle("sheet-closed", !open);
  sheet.setAttribute("aria-expanded", String(open));
}

sheet.addEventListener("click", () => openSheet(document.body.classList.contains("sheet-closed")));

const aside = document.getElementById("show-aside");
aside.addEventListener("change", () => article.classList.toggle("with-aside", aside.checked));

document.documentElement.classList.add("scripted");
const filters = document.getElementById("filters");
if (matchMedia("(max-width: 62rem)").matches && shownByFilter()) filters.open = false;
follow(new URLSearchParams(location.search).has("claim"));
