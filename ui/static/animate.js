// Put a picture into motion: which one, how many frames, how fast.

import { api, attempt } from "./api.js";
import { follow } from "./decide.js";
import { button, h } from "./dom.js";

export async function openAnimate(asset) {
  const motions = await attempt(() => api("motions"));
  if (!motions) return;
  let chosen = motions[0];
  const frames = h("input", { type: "number", min: 2, max: 24, "aria-label": "Frames" });
  const fps = h("input", { type: "number", min: 1, max: 60, "aria-label": "Frames per second" });
  const says = h("p", { className: "gf-muted" });
  const buttons = motions.map((motion) => button(motion.name, motion.what, () => choose(motion)));
  const choose = (motion) => {
    chosen = motion;
    Object.assign(frames, { value: motion.frames });
    Object.assign(fps, { value: motion.fps });
    says.textContent = `It ${motion.what}. ${motion.quality}`.trim();
    buttons.forEach((item, index) => item.setAttribute("aria-pressed", String(motions[index] === motion)));
  };
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    const body = { asset: asset.id, motion: chosen.name, frames: Number(frames.value), fps: Number(fps.value) };
    const job = await attempt(() => api("assets/animate", { method: "POST", body }));
    if (!job) return;
    dialog.close();
    follow(job, `Animating ${asset.subject}`, "", "The frames are a batch of their own in Review.", false);
  } },
    h("h2", {}, `Animate ${asset.number}. ${asset.subject}`),
    h("div", { className: "gf-motions gf-edit-tools" }, buttons), says,
    h("label", { className: "gf-inline" }, h("span", {}, "Frames"), frames),
    h("label", { className: "gf-inline" }, h("span", {}, "Per second"), fps),
    h("div", { className: "gf-actions" }, h("button", { type: "submit", className: "gf-button gf-primary" }, "Animate"), button("Cancel", null, () => dialog.close())));
  const dialog = h("dialog", { className: "gf-help gf-redo gf-edit", "aria-label": "Animate" }, form);
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  choose(chosen);
  dialog.showModal();
}
