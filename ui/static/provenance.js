// The provenance card of a picture: what made it, under which licence, and what it was made from. Read when it is opened.

import { api } from "./api.js";
import { button, h, toast, when } from "./dom.js";

const ORIGINS = { generated: "generated here", regenerated: "redone here", upscaled: "enlarged here", edited: "edited here by mask", animated: "animated here", imported: "imported" };
let open = false; // who wants to see it for one picture wants it for the next

export function provenanceCard(asset) {
  const body = h("div");
  const card = h("details", { className: "gf-card", open }, h("summary", {}, "Provenance"), body);
  const show = async () => {
    try {
      draw(body, await api(`assets/${asset.id}/provenance`));
    } catch (error) {
      body.replaceChildren(h("p", { className: "gf-error" }, error.message));
    }
  };
  card.addEventListener("toggle", () => {
    open = card.open;
    if (card.open && !body.children.length) show();
  });
  return card;
}

function draw(body, card) {
  const sha = (text) => h("span", { className: "gf-sha", title: text }, text.slice(0, 16));
  const packs = card.style_packs.map((use) => `${use.pack}${use.weight === 1 ? "" : ` × ${use.weight}`}`).join(", ");
  const lines = [
    ["Origin", [ORIGINS[card.origin] ?? card.origin, card.source].filter(Boolean).join(", from ")],
    ["Made", when(card.made_at)],
    card.model.id !== "imported" && ["Model", card.model.name],
    card.model.id !== "imported" && ["Licence of the model", card.model.license],
    packs && ["Style packs", packs],
    card.prompt && ["Prompt", card.prompt],
    card.negative_prompt && ["Without", card.negative_prompt],
    card.seed !== null && ["Seed", String(card.seed)],
    ["Made from", card.parents.length ? h("span", {}, card.parents.flatMap((parent) => [sha(parent), " "])) : "nothing else"],
    ["File (sha256)", sha(card.version)],
  ].filter(Boolean);
  body.replaceChildren(
    h("dl", {}, lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    navigator.clipboard && button("Copy as JSON", null, () => navigator.clipboard.writeText(JSON.stringify(card, null, 1)).then(() => toast("Copied.", { seconds: 2 }))));
}
