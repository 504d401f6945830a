// One picture large, with everything that it was made from. Arrow keys go to its neighbours.

import { openAnimate } from "./animate.js";
import { openCompare } from "./compare.js";
import { askRedo, decide, remove, undo, upscale } from "./decide.js";
import { button, h, place } from "./dom.js";
import { openEdit } from "./edit.js";
import { provenanceCard } from "./provenance.js";
import { store } from "./store.js";
import { showVersions } from "./versions.js";

export function openLightbox(assets, assetId) {
  let index = Math.max(0, assets.findIndex((asset) => asset.id === assetId));
  const stage = h("div", { className: "gf-stage gf-checker" });
  const facts = h("div", { className: "gf-facts" });
  const versions = h("div", { className: "gf-version-strip" });
  const dialog = h("dialog", { className: "gf-lightbox" },
    button("‹", "Previous (left arrow)", () => step(-1), "gf-icon gf-previous"),
    h("figure", {}, stage, versions, facts),
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
    await decide([asset], asset.state === state ? "new" : state);
    show();
  }

  const verdict = (asset, state, word, key) => {
    const chosen = asset.state === state;
    const title = chosen ? `Take back (${key})` : `${word} (${key})`;
    const element = button(word, title, () => review(state), chosen ? "gf-button gf-primary" : "gf-button");
    element.setAttribute("aria-pressed", String(chosen));
    return element;
  };

  async function bin() {
    const asset = assets[index];
    if (await remove([asset])) dialog.close();
  }

  function show() {
    const asset = assets[index];
    const room = Math.min(window.innerWidth - 64, window.innerHeight - 400, 512);
    const image = h("img", { src: asset.url, alt: asset.subject });
    place(image, asset, Math.max(128, room));
    stage.replaceChildren(image);
    versions.dataset.asset = String(asset.id);
    showVersions(versions, asset, {
      onchoose: (now) => {
        Object.assign(asset, now);
        show();
      },
      oncompare: (found) => openCompare(found, { review: false }),
    });
    const styles = asset.style_pack ? [["Style pack", asset.style_pack]] : [];
    const change = asset.metadata?.change ? [["Change", asset.metadata.change]] : [];
    const tags = asset.tags?.length ? [["Tags", asset.tags.join(", ")]] : [];
    const lines = [
      ["Prompt", asset.prompt], ...change, ["Seed", String(asset.seed)], ["Size", `${asset.width} × ${asset.height} px`],
      ["Kind", asset.kind], ["State", asset.state], ["Model", asset.model], ...styles, ...tags,
    ];
    facts.replaceChildren(
      h("h3", {}, `${asset.number}. ${asset.subject}`),
      h("dl", {}, lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      provenanceCard(asset),
      h("div", { className: "gf-actions" },
        verdict(asset, "approved", "Approve", "p"),
        verdict(asset, "rejected", "Reject", "x"),
        button("Redo", "Regenerate (r)", () => askRedo([asset])),
        button("Animate", "Frames of a motion: walk, idle, spin ...", () => openAnimate(asset)),
        button("Edit part", "Paint over what should change (e)", () => openEdit(asset)),
        button("Upscale 2×", "Enlarge twice", () => upscale([asset], 2)),
        button("4×", "Enlarge four times", () => upscale([asset], 4)),
        h("a", { className: "gf-button", href: `${asset.url}?download=true`, download: `${slug(asset.subject)}.png` }, "Save PNG"),
        navigator.clipboard && button("Copy prompt", null, () => navigator.clipboard.writeText(asset.prompt)),
        button("Delete", "Move to the bin", bin),
        h("span", { className: "gf-muted" }, `${index + 1} of ${assets.length}`),
      ),
    );
  }

  const follow = ({ detail }) => {
    const asset = assets[index];
    const change = detail.assets.find((item) => item.id === asset.id);
    if (!change) return;
    for (const name of ["state", "revision"]) if (name in change) asset[name] = change[name];
    if (change.version && change.version !== asset.version) {
      store.reload(asset).then(show, () => {});
    } else show();
  };
  store.addEventListener("assets", follow);
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
    if (event.key === "p") review("approved");
    if (event.key === "x") review("rejected");
    if (event.key === "u") undo();
    if (event.key === "r") {
      event.preventDefault();
      askRedo([assets[index]]);
    }
    if (event.key === "e") {
      event.preventDefault();
      openEdit(assets[index]);
    }
    if (event.key === "Delete") bin();
    event.stopPropagation();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    store.removeEventListener("assets", follow);
    dialog.remove();
  });
  document.body.append(dialog);
  show();
  dialog.showModal();
}

const slug = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "image";
