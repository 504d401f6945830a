// The versions of one asset: which was made from which, which is current, and going back to one.

import { api, attempt } from "./api.js";
import { button, h, place } from "./dom.js";
import { reviewer } from "./reviewer.js";
import { store } from "./store.js";

const ORIGINS = { generated: "first", regenerated: "redone", upscaled: "enlarged", edited: "edited", animated: "frame", imported: "imported" };

// Fills `element` when there is more than one; `onchoose` is told the asset after another became current.
export async function showVersions(element, asset, { onchoose, oncompare }) {
  const found = await api(`assets/${asset.id}/versions`).catch(() => []);
  if (!element.isConnected || element.dataset.asset !== String(asset.id)) return;
  if (found.length < 2) {
    element.replaceChildren();
    return;
  }
  const numbers = new Map(found.map((version, index) => [version.sha256, index + 1]));
  const cards = found.map((version, index) => {
    const image = h("img", { alt: `Version ${index + 1}`, src: version.url });
    place(image, version, 56);
    const from = version.parents.map((parent) => numbers.get(parent)).filter(Boolean);
    const words = [ORIGINS[version.origin] ?? version.origin, from.length && `from ${from.join(", ")}`, version.metadata.change && `“${version.metadata.change}”`, version.state];
    const use = () => attempt(async () => {
      const now = await api(`assets/${asset.id}/current`, { method: "POST", body: { version: version.sha256, who: reviewer() } });
      store.changed([now]);
      onchoose(now);
    });
    return h("button", { type: "button", className: "gf-version", "aria-pressed": String(version.current), title: words.filter(Boolean).join(", "), onclick: use },
      h("span", { className: "gf-version-picture gf-checker" }, image),
      h("span", {}, `${index + 1} ${ORIGINS[version.origin] ?? ""}`));
  });
  element.replaceChildren(
    h("div", { className: "gf-version-head" }, h("h4", {}, `${found.length} versions`),
      oncompare && button("Compare versions", null, () => oncompare(found.slice(-9).map((version, index) => ({ ...version, id: asset.id, number: index + 1, subject: `${asset.subject}, version ${numbers.get(version.sha256)}` }))), "gf-link")),
    h("div", { className: "gf-versions" }, cards));
}
