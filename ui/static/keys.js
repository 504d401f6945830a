// Keyboard: Ctrl+Enter sends, / goes to the message, g then a letter to a page, ? shows this.

import { button, h } from "./dom.js";

const PAGES = { c: "Chat", r: "Review", l: "Library", s: "Style packs", d: "Documents", j: "Jobs" };
const HELP = [
  ["Enter, Ctrl+Enter", "send"],
  ["Shift+Enter", "new line"],
  ["/", "go to the message"],
  ["g then c, r, l, s, d, j", "chat, review, library, style packs, documents, jobs"],
  ["n", "new chat"],
  ["← →", "previous and next picture, when one is open"],
  ["p, x, u, r", "approve, reject, undo, redo, on a picture or in Review"],
  ["e", "on a picture: edit part of it"],
  ["c, z, v, o", "in Review: compare, large, set view, export"],
  ["1-9, Shift+arrows", "in Review: go to a number, select a range"],
  ["wheel, drag, + - 0, t", "in a comparison: zoom, pan, fit, repeat as tiles"],
  ["Esc", "close"],
  ["?", "this help"],
];

export function goTo(name) {
  // Tabs that a narrow window has no room for stand in Gradio's menu beside the others.
  const tabs = document.querySelectorAll("#gf-tabs button[role=tab], #gf-tabs .overflow-dropdown button");
  const tab = [...tabs].find((item) => item.textContent.trim() === name);
  tab?.click();
}

export function installKeys(newChat) {
  let goPressed = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest?.("#gf-message")) {
      event.preventDefault();
      document.querySelector("#gf-message .submit-button")?.click();
      return;
    }
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    const go = Date.now() - goPressed < 1500;
    goPressed = 0;
    if (go && PAGES[event.key]) goTo(PAGES[event.key]);
    else if (event.key === "g") goPressed = Date.now();
    else if (event.key === "/") {
      goTo("Chat");
      setTimeout(() => document.querySelector("#gf-message textarea")?.focus(), 50);
    } else if (event.key === "n") newChat();
    else if (event.key === "?") showHelp();
    else return;
    event.preventDefault();
  });
}

export function showHelp() {
  if (document.querySelector(".gf-help[open]")) return;
  const dialog = h("dialog", { className: "gf-help" },
    h("h2", {}, "Keyboard"),
    h("dl", {}, HELP.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)])),
    h("h2", {}, "What to ask"),
    h("p", {}, "Say how many and of what: “32 desert props”, “4 variants of a rusty sword”, “six potions and two chests”. Work that takes long shows its plan first and waits for Start."),
    h("div", { className: "gf-actions" }, button("Close", null, () => dialog.close(), "gf-button gf-primary")));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
