// The Style packs page: make one from images, see what each changes, versions, import, export, delete.

import { api, attempt, upload } from "./api.js";
import { button, h, plural, toast, when } from "./dom.js";
import { mountJob } from "./gallery.js";
import { store } from "./store.js";
import { comparison, thumbnail, verdict } from "./training.js";

const PRESETS = [["fast", "Fast"], ["balanced", "Balanced"], ["quality", "Quality"]];

export function mountPacks(element) {
  const list = h("div", { className: "gf-pack-list" });
  const makerPlace = h("div", { hidden: true });
  const file = h("input", { type: "file", accept: ".safetensors,.ckpt,.pt", hidden: true, onchange: importFile });
  element.replaceChildren(
    h("div", { className: "gf-page-head" }, h("h2", {}, "Style packs"),
      button("New style pack", null, openMaker, "gf-button gf-primary"),
      button("Import LoRA", "A .safetensors file from another tool, for the image model in use", () => file.click()), file),
    makerPlace, list);

  function openMaker() {
    makerPlace.hidden = false;
    makerPlace.replaceChildren(maker(() => { makerPlace.hidden = true; reload(); }));
    makerPlace.querySelector("input[type=text]").focus();
  }

  async function importFile() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    const form = new FormData();
    form.append("file", chosen);
    const pack = await attempt(() => upload("style-packs/import", form));
    if (pack) toast(`Imported ${pack.name}.`);
    reload();
  }

  let shown = "";
  async function reload() {
    if (!element.isConnected) return;
    const packs = await attempt(() => api("style-packs"));
    if (!packs) return;
    const now = JSON.stringify(packs);
    if (now === shown) return;
    shown = now;
    if (!packs.length) {
      list.replaceChildren(h("p", { className: "gf-empty" }, "No style packs yet. Drop 3 to 100 images in one look into the chat and say “make a style pack called Dustbowl from these”, or press New style pack."));
      return;
    }
    list.replaceChildren(...packs.map((pack) => card(pack)));
  }

  function card(pack) {
    const version = pack.versions.find((item) => item.number === pack.current);
    const head = h("div", { className: "gf-pack-head" }, h("h3", {}, pack.name),
      h("span", { className: "gf-muted" }, [pack.trigger && `trigger “${pack.trigger}”`, version && `version ${version.number}`, version && version.base.name, version && when(version.created_at)].filter(Boolean).join(" · ")));
    const body = [];
    if (pack.job_id) {
      const job = h("div", { className: `gf-job gf-live gf-id-${pack.job_id}` });
      mountJob(job, pack.job_id);
      body.push(job);
    }
    if (version) {
      body.push(verdict(version), comparison(version));
      const references = version.files.references ?? [];
      if (references.length) {
        body.push(h("div", { className: "gf-strip" }, h("span", { className: "gf-strip-name" }, "References"), references.slice(0, 16).map((item) => thumbnail(item.url, item.caption))));
      }
    } else if (!pack.job_id) {
      body.push(h("p", { className: "gf-muted" }, "Not trained: it was stopped or failed. Go on from the Jobs page, or delete it."));
    }
    return h("section", { className: "gf-pack", "data-pack": pack.id }, head, ...body.filter(Boolean), actions(pack, version));
  }

  function actions(pack, version) {
    const versions = h("select", { "aria-label": "Version in use", onchange: () => use(pack, Number(versions.value)) }, pack.versions.map((item) => h("option", { value: item.number, selected: item.number === pack.current }, `Version ${item.number}`)));
    return h("div", { className: "gf-actions" },
      version && button("Improve …", "Train the next version on what you approved", () => improve(pack)),
      version && h("a", { className: "gf-button", href: `/api/style-packs/${pack.id}/export`, download: "" }, "Export zip"),
      pack.versions.length > 1 && versions,
      pack.versions.length > 1 && button("Compare versions", null, () => compare(pack)),
      button("Delete", null, () => confirmDelete(pack)));
  }

  // Opens a dialog; `content` gets the function that closes it.
  function ask(className, content) {
    const dialog = h("dialog", { className });
    dialog.append(...content(() => dialog.close()));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  function confirmDelete(pack) {
    const gone = pack.versions.length ? `${plural(pack.versions.length, "version")} ${pack.versions.length === 1 ? "goes" : "go"}` : "its images and settings go";
    ask("gf-help", (close) => [h("h2", {}, `Delete ${pack.name}?`),
      h("p", {}, `It can no longer be used; ${gone}. Images made with it stay.`),
      h("div", { className: "gf-actions" },
        button("Delete", null, async () => { close(); await remove(pack); }, "gf-button gf-primary"),
        button("Keep", null, close))]);
  }

  function improve(pack) {
    const preset = presets();
    const against = h("input", { type: "checkbox" });
    const start = async (close) => {
      const body = { preset: preset.value, against_rejected: against.checked };
      const job = await attempt(() => api(`style-packs/${pack.id}/improve`, { method: "POST", body }));
      if (!job) return;
      close();
      reload();
    };
    ask("gf-help", (close) => [h("h2", {}, `Improve ${pack.name}`),
      h("p", {}, "The next version learns from the references of this one and from the images that you approved. This version stays, and you can go back to it."),
      h("div", { className: "gf-fields" }, h("label", {}, "Preset ", preset), h("label", {}, against, " Get away from what I rejected (takes twice as long)")),
      h("div", { className: "gf-actions" }, button("Start training", null, () => start(close), "gf-button gf-primary"), button("Cancel", null, close))]);
  }

  // Every version with its figures and pictures, the newest first.
  function compare(pack) {
    ask("gf-help gf-versions", (close) => [h("h2", {}, `Versions of ${pack.name}`),
      ...pack.versions.map((version) => h("section", { className: "gf-pack" },
        h("div", { className: "gf-pack-head" }, h("h3", {}, `Version ${version.number}`),
          h("span", { className: "gf-muted" }, [version.origin, version.settings.preset, plural((version.files.references ?? []).length, "image"), when(version.created_at)].filter(Boolean).join(" · "))),
        verdict(version),
        version.metrics.identity !== undefined && h("p", { className: "gf-muted" }, `Subjects kept: ${Math.round(100 * version.metrics.identity)} %`),
        comparison(version),
        h("div", { className: "gf-actions" }, version.number === pack.current ? h("span", { className: "gf-muted" }, "In use")
          : button("Use this version", null, async () => { close(); await use(pack, version.number); })))),
      h("div", { className: "gf-actions" }, button("Close", null, close))]);
  }

  async function use(pack, number) {
    const now = await attempt(() => api(`style-packs/${pack.id}/use`, { method: "POST", body: { version: number } }));
    if (now) toast(`${pack.name} uses version ${now.current}.`);
    reload();
  }

  async function remove(pack) {
    if (pack.job_id) await attempt(() => api(`jobs/${pack.job_id}/cancel`, { method: "POST" }));
    const gone = await attempt(() => api(`style-packs/${pack.id}`, { method: "DELETE" }));
    reload();
    if (gone === undefined) return;
    toast(`Deleted ${pack.name}.`, { action: { label: "Undo", run: async () => {
      await attempt(() => api(`style-packs/${pack.id}/restore`, { method: "POST" }));
      reload();
    } } });
  }

  let asked = null;
  store.addEventListener("jobs", () => (asked ??= setTimeout(() => { asked = null; if (element.offsetParent) reload(); }, 500)));
  new IntersectionObserver(([entry]) => entry.isIntersecting && reload()).observe(element);
  reload();
}

function presets() {
  return h("select", { "aria-label": "Preset" }, PRESETS.map(([value, label]) => h("option", { value, selected: value === "balanced" }, label)));
}

// Images, name and preset; then what it will take, with captions to edit; then Start.
function maker(close) {
  let images = [];
  const name = h("input", { type: "text", placeholder: "Name, such as Dustbowl", maxLength: 40, "aria-label": "Name" });
  const preset = presets();
  const sheets = h("input", { type: "checkbox" });
  const input = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, onchange: () => add(input.files) });
  const strip = h("div", { className: "gf-strip gf-strip-wrap" });
  const said = h("p", { className: "gf-muted", role: "status" });
  const captions = h("div", { className: "gf-captions" });
  const start = button("Start training", null, train, "gf-button gf-primary");
  const check = button("Check images", "See what will be used, and what it will take", look);
  start.hidden = true;
  const zone = h("div", { className: "gf-drop", tabIndex: 0, role: "button", "aria-label": "Choose images", onclick: () => input.click(),
    onkeydown: (event) => (event.key === "Enter" || event.key === " ") && input.click(),
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => { event.preventDefault(); add(event.dataTransfer.files); } }, "Drop 3 to 100 images in one look here, or click to choose them");

  function add(files) {
    images = [...images, ...files];
    input.value = "";
    strip.replaceChildren(...images.map((image) => thumbnail(URL.createObjectURL(image), image.name)));
    stale();
  }

  function stale() {
    start.hidden = true;
    check.hidden = false;
    captions.replaceChildren();
    said.textContent = images.length ? plural(images.length, "image") : "";
  }
  for (const field of [name, preset, sheets]) field.addEventListener("change", stale);

  function form() {
    const data = new FormData();
    images.forEach((image) => data.append("images", image));
    data.append("name", name.value.trim());
    data.append("preset", preset.value);
    data.append("cut_sheets", String(sheets.checked));
    return data;
  }

  async function look() {
    if (!images.length || !name.value.trim()) {
      said.textContent = images.length ? "Give it a name first." : "Choose images first.";
      return;
    }
    said.textContent = "Looking at the images …";
    let found;
    try {
      found = await upload("style-packs/estimate", form());
    } catch (error) {
      said.textContent = error.message;
      return;
    }
    said.textContent = found.sentence;
    captions.replaceChildren(
      h("p", { className: "gf-muted" }, "What each image shows, without words for its look:"),
      ...found.pictures.map((picture) => h("label", {}, h("span", { className: "gf-muted" }, picture.name),
        h("input", { type: "text", value: picture.caption, maxLength: 200, "data-name": picture.name }))));
    start.hidden = false;
    check.hidden = true;
  }

  async function train() {
    const data = form();
    const told = Object.fromEntries([...captions.querySelectorAll("input")].map((field) => [field.dataset.name, field.value]));
    data.append("captions", JSON.stringify(told));
    start.disabled = true;
    const job = await attempt(() => upload("style-packs", data));
    start.disabled = false;
    if (job) close();
  }

  return h("section", { className: "gf-pack gf-maker" }, zone, input, strip,
    h("div", { className: "gf-fields" }, h("label", {}, "Name ", name), h("label", {}, "Preset ", preset), h("label", {}, sheets, " Cut sprite sheets")),
    said, captions, h("div", { className: "gf-actions" }, check, start, button("Cancel", null, close)));
}
