// Decisions on pictures, for every page: approve, reject, undo, redo, enlarge, bin. The server keeps the history.

import { api, attempt } from "./api.js";
import { button, h, plural, toast } from "./dom.js";
import { reviewer } from "./reviewer.js";
import { store } from "./store.js";

const WORDS = { approved: "Approved", rejected: "Rejected", new: "Back to new" };

let last = Promise.resolve();

// Give all of these assets a state, after what was decided before: two quick keys on one picture must not collide.
export function decide(assets, state) {
  const run = last.then(() => decideNow(assets, state));
  last = run.catch(() => {});
  return run;
}

// A second approval of approved ones changes nothing; nothing is overwritten unseen.
async function decideNow(assets, state) {
  const changed = assets.filter((asset) => asset.state !== state);
  if (!changed.length) return true;
  const done = await attempt(() => store.decide(changed, state, reviewer()));
  return done !== undefined;
}

export async function undo() {
  const step = await attempt(() => api("reviews/undo", { method: "POST", body: { who: reviewer(), only_own: true } }));
  if (step) toast(`${step.text[0].toUpperCase()}${step.text.slice(1)}.`, { seconds: 3 });
  return step;
}

export function said(assets, state) {
  toast(`${WORDS[state]}: ${plural(assets.length, "image")}`, { action: { label: "Undo", run: undo }, seconds: 4 });
}

export async function remove(assets, force = false) {
  const body = { assets: assets.map((asset) => asset.id), who: reviewer(), force };
  try {
    await api("assets/bin", { method: "POST", body });
  } catch (error) {
    const used = !force && error.message.includes("is used by");
    toast(error.message, used ? { action: { label: "Delete anyway", run: () => remove(assets, true) }, seconds: 12 } : {});
    return false;
  }
  toast(`${plural(assets.length, "image")} in the bin`, { action: { label: "Undo", run: undo } });
  return true;
}

export async function restore(assets) {
  const body = { assets: assets.map((asset) => asset.id), who: reviewer() };
  return attempt(() => api("assets/restore", { method: "POST", body }));
}

export async function upscale(assets, factor) {
  const job = await attempt(() => api("assets/upscale", { method: "POST", body: { assets: assets.map((a) => a.id), factor } }));
  if (job) follow(job, `Enlarging ${plural(assets.length, "image")}`);
  return job;
}

async function redo(assets, change, variants) {
  const body = { assets: assets.map((asset) => asset.id), change: change || null, variants };
  const made = await attempt(() => api("assets/regenerate", { method: "POST", body }));
  if (!made) return;
  follow(made.job, `Redoing ${plural(assets.length, "image")}`, made.note);
}

// The job with its progress at the edge of the page, until it ends; it can be stopped there.
export function follow(job, words, hint = "", ended = "The old versions stay beside the new ones.", undoable = true) {
  if (hint) toast(hint, { seconds: 12 });
  store.load(job.id).catch(() => {});
  const note = toast(`${words} …`, {
    action: { label: "Stop", run: () => attempt(() => api(`jobs/${job.id}/cancel`, { method: "POST" })) }, seconds: 3600,
  });
  const listener = () => {
    const entry = store.jobs.get(job.id);
    if (!entry) return;
    const { done, total, failed } = entry.job;
    note.say(`${words}: ${done} of ${total}${failed ? `, ${failed} failed` : ""}`);
    if (store.isOpen(entry.job)) return;
    store.removeEventListener(`job-${job.id}`, listener);
    note.expire();
    if (entry.job.error) toast(entry.job.error);
    else if (entry.job.state === "done") toast(`${words}: done. ${ended}`, undoable ? { action: { label: "Undo", run: undo } } : {});
  };
  store.addEventListener(`job-${job.id}`, listener);
}

const CHANGES = ["darker", "brighter", "more saturated", "bluer", "with a warm glow"];

// Ask in words what should be different; empty means another seed.
export function askRedo(assets) {
  if (!assets.length) return;
  const words = h("input", { type: "text", placeholder: "darker, without the handle, with a bluer glow", maxLength: 500, "aria-label": "What should be different" });
  const variants = h("input", { type: "number", min: 1, max: 8, value: 1, "aria-label": "How many versions of each" });
  const start = (change) => {
    dialog.close();
    redo(assets, change, Math.max(1, Number(variants.value) || 1));
  };
  const form = h("form", { method: "dialog", onsubmit: (event) => {
    event.preventDefault();
    start(words.value.trim());
  } },
    h("h2", {}, assets.length === 1 ? `Redo ${assets[0].number}. ${assets[0].subject}` : `Redo ${plural(assets.length, "image")}`),
    h("label", {}, h("span", {}, "What should be different"), words),
    h("div", { className: "gf-chips" }, CHANGES.map((text) => button(text, null, () => start(text), "gf-button gf-chip"))),
    h("label", { className: "gf-inline" }, h("span", {}, "Versions of each"), variants),
    h("p", { className: "gf-muted" }, "With words the picture itself is changed; left empty, it is made anew from another seed. The old version stays."),
    h("div", { className: "gf-actions" },
      h("button", { type: "submit", className: "gf-button gf-primary" }, "Redo"),
      button("Cancel", null, () => dialog.close())));
  const dialog = h("dialog", { className: "gf-help gf-redo" }, form);
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  words.focus();
}
