// A document as it was read, with one passage marked. Text only ever becomes text nodes.

import { api, attempt } from "./api.js";
import { button, h } from "./dom.js";

export async function openReader(documentId, passageId = null) {
  const found = await attempt(() => api(`documents/${documentId}`));
  if (!found) return;
  const { document: one, passages } = found;
  const text = h("article", { tabIndex: 0 });
  let before = null;
  let marked = null;
  for (const passage of passages) {
    if (passage.heading !== before) {
      if (passage.heading) text.append(h("h4", {}, passage.heading));
      before = passage.heading;
    }
    const part = h("section", { className: passage.id === passageId ? "gf-marked" : "" }, blocks(passage.text));
    if (passage.id === passageId) marked = part;
    text.append(part);
  }
  const dialog = h("dialog", { className: "gf-reader" },
    h("header", {}, h("h3", {}, one.title === one.name ? one.name : `${one.title} (${one.name})`), button("×", "Close (Escape)", () => dialog.close(), "gf-icon")),
    passageId && !marked ? h("p", { className: "gf-muted" }, "This passage has changed since; here is the document as it is now.") : null,
    text);
  dialog.setAttribute("aria-label", `Document ${one.name}`);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (marked ?? text).scrollIntoView({ block: marked ? "center" : "start" });
}

// Enough of Markdown to read it well: paragraphs, lists, tables, code.
function blocks(markdown) {
  return markdown.split(/\n{2,}/).flatMap((block) => {
    const lines = block.split("\n");
    if (lines.length > 1 && lines[0].trim().startsWith("|") && /^[\s|:-]+$/.test(lines[1])) return [table(lines)];
    if (lines.every((line) => /^\s*([-*+•]|\d+[.)])\s|^\s{2,}\S/.test(line))) return [list(lines)];
    if (lines[0].startsWith("```")) return [h("pre", {}, block.replace(/^```\w*\n?|\n?```$/g, ""))];
    return [h("p", {}, ...words(block))];
  });
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function table(lines) {
  const row = (tag) => (line) => h("tr", {}, cells(line).map((cell) => h(tag, {}, ...words(cell))));
  return h("div", { className: "gf-table" }, h("table", {}, h("thead", {}, row("th")(lines[0])), h("tbody", {}, lines.slice(2).map(row("td")))));
}

function list(lines) {
  return h("ul", {}, lines.map((line) => {
    const depth = Math.floor(line.match(/^\s*/)[0].length / 2);
    const item = h("li", {}, ...words(line.replace(/^\s*(?:[-*+•]|\d+[.)])\s+/, "")));
    if (depth) item.style.marginLeft = `${depth * 16}px`;
    return item;
  }));
}

function words(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, part.slice(2, -2));
    if (part.startsWith("`") && part.length > 2) return h("code", {}, part.slice(1, -1));
    return part;
  });
}
