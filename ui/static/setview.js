// The approved pictures of a batch together, at one scale, with what sets some of them apart.

import { api, attempt } from "./api.js";
import { askRedo } from "./decide.js";
import { button, h } from "./dom.js";

const NAMES = { palette: "colours", box: "size", outline: "outline", style: "look" };

export async function openSet(assets, batch) {
  if (!batch) return;
  const approved = assets.filter((asset) => asset.state === "approved");
  const rows = await attempt(() => api(`sets/drift?batch=${batch}`));
  if (!rows) return;
  const drift = new Map(rows.map((row) => [row.asset, row]));
  const outliers = approved.filter((asset) => drift.get(asset.id)?.outlier);
  let zoom = 2;
  const scene = h("div", { className: "gf-set gf-checker" });

  function draw() {
    scene.replaceChildren(...approved.map((asset) => {
      const row = drift.get(asset.id);
      const image = h("img", { src: asset.url, alt: asset.subject, className: "gf-pixelated" });
      image.style.width = `${asset.width * zoom}px`;
      image.style.height = `${asset.height * zoom}px`;
      const far = row ? Object.entries(row.distances).map(([name, value]) => `${NAMES[name]} ${value.toFixed(1)}`).join(" · ") : "";
      return h("figure", { className: row?.outlier ? "gf-outlier" : "", title: row?.why || far },
        image,
        h("figcaption", {}, `${asset.number}. ${asset.subject}`, h("small", {}, row?.outlier ? row.why : far)));
    }));
  }

  const head = approved.length
    ? `${approved.length} approved${outliers.length ? `, ${outliers.length} stand${outliers.length === 1 ? "s" : ""} out` : approved.length > 2 ? ", none stands out" : ""}`
    : "Nothing of this batch is approved yet. Approve some images, then look at them together here.";
  const dialog = h("dialog", { className: "gf-compare gf-set-view", "aria-label": "Set view" },
    h("div", { className: "gf-compare-bar" }, h("strong", {}, head),
      [1, 2, 4].map((factor) => button(`${factor}×`, `Game scale ${factor}x`, () => {
        zoom = factor;
        draw();
      })),
      outliers.length > 0 && button(`Redo what stands out (${outliers.length})`, null, () => askRedo(outliers)),
      h("span", { className: "gf-grow" }),
      button("×", "Close (Escape)", () => dialog.close(), "gf-icon gf-compare-close")),
    scene,
    h("p", { className: "gf-muted" }, "Figures are distances from the middle of the set, in units of its own spread; above 3.5 a picture is marked."));
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  draw();
}
