// One picture large, with everything that it was made from. Arrow keys go to its neighbours.

import { attempt } from "./api.js";
import { button, h, place } from "./dom.js";
import { store } from "./store.js";

export function openLightbox(assets, assetId) {
  let index = Math.max(0, assets.findIndex((asset) => asset.id === assetId));
  const stage = h("div", { className: "gf-stage gf-checker" });
  const facts = h("div", { className: "gf-facts" });
  const dialog = h("dialog", { className: "gf-lightbox" },
    button("‹", "Previous (left arrow)", () => step(-1), "gf-icon gf-previous"),
    h("figure", {}, stage, facts),
    button("›", "Next (right arrow)", () => step(1), "gf-icon gf-next"),
    button("×", "Close (Escape)", () => dialog.close(), "gf-icon gf-close"),
  );
  dialog.setAttribute("aria-label", "Picture");

  function step(by) {
    index = (index + by + assets.length) % assets.length;
    show();
  }

  async function review(state) {
    const asset = assets[index];
    await attempt(() => store.review(asset, asset.state === state ? "new" : state));
    show();
  }

  const verdict = (asset, state, word, key) => {
    const chosen = asset.state === state;
    const title = chosen ? `Take back (${key})` : `${word} (${key})`;
    const element = button(word, title, () => review(state), chosen ? "gf-button gf-primary" : "gf-button");
    element.setAttribute("aria-pressed", String(chosen));
    return element;
  };

  function show() {
    const asset = assets[index];
    const room = Math.min(window.innerWidth - 64, window.innerHeight - 400, 512);
    const image = h("img", { src: asset.url, alt: asset.subject });
    place(image, asset, Math.max(128, room));
    stage.replaceChildren(image);
    const styles = asset.style_pack ? [["Style pack", asset.style_pack]] : [];
    const lines = [
      ["Prompt", asset.prompt], ["Seed", String(asset.seed)], ["Size", `${asset.width} × ${asset.height} px`],
      ["Kind", asset.kind], ["State", asset.state], ["Model", asset.model], ...styles,
    ];
    facts.replaceChildren(
      h("h3", {}, `${asset.number}. ${asset.subject}`),
      h("dl", {}, lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("div", { className: "gf-actions" },
        verdict(asset, "approved", "Approve", "p"),
        verdict(asset, "rejected", "Reject", "x"),
        h("a", { className: "gf-button", href: `${asset.url}?download=true`, download: `${slug(asset.subject)}.png` }, "Save PNG"),
        navigator.clipboard && button("Copy prompt", null, () => navigator.clipboard.writeText(asset.prompt)),
        h("span", { className: "gf-muted" }, `${index + 1} of ${assets.length}`),
      ),
    );
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
    if (event.key === "p") review("approved");
    if (event.key === "x") review("rejected");
    if (event.key === "u" && assets[index].state !== "new") review(assets[index].state);
    event.stopPropagation();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show();
  dialog.showModal();
}

const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "image";
