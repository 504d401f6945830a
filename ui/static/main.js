// Brings the page's live parts to life. Gradio draws the frame and the chat's words, and may draw them again at any time;
// so elements are found by their classes whenever they appear, and their truth lies in the store and on the server.

import { conversations } from "./conversations.js";
import { mountConfirm } from "./confirm.js";
import { mountCitation, mountDocuments, mountIngest } from "./documents.js";
import { mountExport } from "./export.js";
import { mountJob } from "./gallery.js";
import { mountHeader, restoreTheme } from "./header.js";
import { mountJobs } from "./jobs.js";
import { goTo, installKeys } from "./keys.js";
import { mountLibrary } from "./library.js";
import { mountNow } from "./now.js";
import { mountScaffold } from "./scaffold.js";
import { mountReview } from "./review.js";
import { mountPacks } from "./packs.js";
import { store } from "./store.js";

const PARTS = {
  "gf-header": mountHeader,
  "gf-conversations": (element) => conversations.mount(element),
  "gf-now": mountNow,
  "gf-job": (element) => mountJob(element, numberOf(element)),
  "gf-confirm": (element) => mountConfirm(element, numberOf(element)),
  "gf-export": (element) => mountExport(element, refOf(element)),
  "gf-scaffold": (element) => mountScaffold(element, refOf(element)),
  "gf-review": mountReview,
  "gf-citation": mountCitation,
  "gf-documents": mountDocuments,
  "gf-ingest": (element) => mountIngest(element, numberOf(element)),
  "gf-library": mountLibrary,
  "gf-jobs": mountJobs,
  "gf-packs": mountPacks,
};
const SELECTOR = Object.keys(PARTS).map((name) => `.${name}:not(.gf-live)`).join(",");

const numberOf = (element) => Number([...element.classList].find((name) => name.startsWith("gf-id-"))?.slice(6));
const refOf = (element) => [...element.classList].find((name) => name.startsWith("gf-ref-"))?.slice(7);

// A file that is gone or was changed by somebody: the server refuses it, and the picture's place says why.
document.addEventListener("error", ({ target }) => {
  if (target.tagName !== "IMG" || !target.src.includes("/api/")) return;
  target.classList.add("gf-broken");
  target.alt = target.title = "This file is missing or damaged. Run “gameforge library check --repair”.";
}, true);

function bringToLife() {
  for (const element of document.querySelectorAll(SELECTOR)) {
    element.classList.add("gf-live");
    PARTS[Object.keys(PARTS).find((name) => element.classList.contains(name))](element);
  }
  // Gradio labels each message with its source; a screen reader should get who speaks, and then the words themselves.
  for (const message of document.querySelectorAll("#gf-chat [data-testid][aria-label*=' message:']")) {
    message.setAttribute("aria-label", message.dataset.testid === "user" ? "You" : "GameForge");
  }
}

// A new question goes to the top of the view, so that its answer and the first images are seen; then nothing moves.
let asked = { conversation: undefined, count: 0 };
function follow() {
  const rows = document.querySelectorAll("#gf-chat .user-row");
  const now = { conversation: conversations.current, count: rows.length };
  if (now.count > asked.count || (now.count && now.conversation !== asked.conversation)) {
    rows[rows.length - 1].scrollIntoView({ block: "start" });
  }
  asked = now;
}

window.gameforge = {
  opened: (id) => {
    conversations.opened(id);
    store.refresh();
  },
  openConversation: (id) => {
    goTo("Chat");
    conversations.open(id);
  },
};

function start() {
  restoreTheme();
  store.connect();
  installKeys(() => window.gameforge.openConversation(null));
  let planned = false;
  new MutationObserver(() => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      bringToLife();
      follow();
    });
  }).observe(document.body, { childList: true, subtree: true });
  bringToLife();
}

start();
