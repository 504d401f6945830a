// Export: a dialog with formats and options, the files of an export in a message, and import of own art.

import { api, attempt, upload } from "./api.js";
import { button, h, plural, toast } from "./dom.js";

const PACKED = ["texturepacker", "texturepacker-array", "phaser", "pixi", "godot", "godot3", "unity", "tpsheet", "aseprite"];
const TURNING = ["texturepacker", "texturepacker-array", "pixi"]; // Phaser draws turned images wrongly
const LAST = "gameforge.export"; // the choice of last time is the best guess

// The dialog for a batch: its approved ones first, when there are any.
export function exportBatch(assets) {
  const approved = assets.filter((asset) => asset.state === "approved");
  const choice = (label, chosen) => ({ label: `${label} (${chosen.length})`, assets: chosen.map((asset) => asset.id) });
  return openExport([...(approved.length ? [choice("The approved ones", approved)] : []), choice("All of this batch", assets)]);
}

// `choices`: [{label, assets}] with assets a list of ids, "approved" or "all"; the first is chosen.
export async function openExport(choices) {
  const formats = await attempt(() => api("exports/formats"));
  if (!formats) return;
  const last = read();
  const select = (label, options, value) => h("select", { "aria-label": label }, options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)));
  const number = (label, value, min, max) => h("input", { type: "number", "aria-label": label, value, min, max });
  const check = (checked) => h("input", { type: "checkbox", checked });
  const which = select("Images", choices.map(({ label }, index) => [String(index), label]), "0");
  const format = select("Format", formats.map(({ name, what }) => [name, `${name}: ${what}`]), last.format ?? "png");
  const name = h("input", { type: "text", "aria-label": "Name of the sheet", value: last.name ?? "atlas", maxLength: 80 });
  const trim = check(last.trim ?? true);
  const rotate = check(last.rotate ?? false);
  const power = check(last.power_of_two ?? false);
  const strip = check(last.strip ?? false);
  const sign = check(last.sign ?? false);
  const padding = number("Padding", last.padding ?? 2, 0, 64);
  const extrude = number("Extrude", last.extrude ?? 1, 0, 64);
  const page = select("Largest page", [512, 1024, 2048, 4096, 8192].map((side) => [String(side), `${side} px`]), String(last.page ?? 2048));
  const row = (label, field, title) => h("label", { title }, h("span", {}, label), field);
  const packing = [
    row("Trim empty margins", trim), row("Turn images to save room", rotate), row("Sides are powers of two", power),
    row("Padding (px)", padding, "Empty pixels between images"), row("Extrude (px)", extrude, "Outermost pixels repeated, against seams when scaled"),
    row("Largest page", page),
  ];
  const rejected = check(false);
  const folder = h("input", { type: "text", "aria-label": "Save to folder", placeholder: "optional: the whole path of a folder", value: last.folder ?? "", spellcheck: false, maxLength: 1000 });
  const replace = check(false);
  const error = h("p", { className: "gf-error", role: "alert", hidden: true });
  const start = h("button", { type: "submit", className: "gf-button gf-primary" }, "Export");
  const result = h("div");
  const form = h("form", { className: "gf-export-form", onsubmit: run },
    row("Images", which), row("Format", format), row("Name", name), ...packing,
    row("Leave out prompts, seeds and models", strip), row("Sign (C2PA)", sign, "Content credentials with the certificate of the settings"), row("Rejected ones, too", rejected), row("Save to folder", folder, "Besides the zip, write the files there"),
    row("Replace other files there", replace, "Files that an earlier export wrote are renewed in any case"), error,
    h("div", { className: "gf-actions" }, start, button("Cancel", null, () => dialog.close())));
  const dialog = h("dialog", { className: "gf-export-dialog" }, h("h3", {}, "Export"), form, result);
  dialog.setAttribute("aria-label", "Export");
  for (const field of [format, which]) field.addEventListener("change", show);
  folder.addEventListener("input", show);

  function show() {
    const sheet = format.value === "spritesheet";
    for (const line of packing) line.hidden = !PACKED.includes(format.value) && !(sheet && packing.indexOf(line) >= 2);
    packing[1].hidden = !TURNING.includes(format.value);
    rejected.parentElement.hidden = choices[Number(which.value)].assets !== "all";
    replace.parentElement.hidden = !folder.value.trim();
    name.parentElement.hidden = ["png", "webp"].includes(format.value);
  }

  async function run(event) {
    event.preventDefault();
    const options = {
      format: format.value, name: name.value.trim() || "atlas", trim: trim.checked, rotate: rotate.checked,
      power_of_two: power.checked, padding: Number(padding.value), extrude: Number(extrude.value), page: Number(page.value), strip: strip.checked, sign: sign.checked,
    };
    const into = folder.value.trim() ? { folder: folder.value.trim(), replace: replace.checked } : {};
    localStorage.setItem(LAST, JSON.stringify({ ...options, folder: into.folder ?? "" }));
    start.disabled = true;
    start.textContent = "Exporting …";
    error.hidden = true;
    try {
      const made = await api("exports", { method: "POST", body: { ...options, ...into, rejected: rejected.checked, assets: choices[Number(which.value)].assets } });
      form.hidden = true;
      const files = h("div");
      const notes = [made.left_out && `${plural(made.left_out, "rejected image")} left out.`,
        made.folder && `In ${made.folder}: ${made.changed.length} written, ${made.files.length - made.changed.length} unchanged${made.removed.length ? `, ${made.removed.length} removed` : ""}.`];
      result.replaceChildren(files, ...notes.filter(Boolean).map((text) => h("p", { role: "status" }, text)), h("div", { className: "gf-actions" }, button("Close", null, () => dialog.close())));
      list(files, made);
      files.querySelector("a").focus();
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
    start.disabled = false;
    start.textContent = "Export";
  }

  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show();
  dialog.showModal();
}

// The files of an export in a message.
export async function mountExport(element, id) {
  try {
    list(element, await api(`exports/${id}`));
  } catch (error) {
    element.replaceChildren(h("p", { className: "gf-muted" }, error.message));
  }
}

function list(element, made) {
  element.replaceChildren(
    h("div", { className: "gf-export-head" },
      h("strong", {}, `${made.name}.zip`), h("span", { className: "gf-muted" }, `${plural(made.files.length, "file")}, ${size(made.bytes)}`),
      h("a", { className: "gf-button gf-primary", href: made.url, download: `${made.name}.zip` }, "Download zip")),
    h("details", { open: made.files.length <= 8 }, h("summary", {}, "Files"),
      h("ul", { className: "gf-export-files" }, made.files.map((file) => h("li", {}, file.name, " ", h("span", { className: "gf-muted" }, size(file.bytes)))))));
}

const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function read() {
  try {
    return JSON.parse(localStorage.getItem(LAST)) ?? {};
  } catch {
    return {};
  }
}

// A button that takes own sprites, sheets and atlases into the library; `done` is called when some came in.
export function importButton(done) {
  const cells = h("input", { type: "text", "aria-label": "Cells of a sheet", placeholder: "sheet? 32x32", title: "Cut every image into cells of this size, as 32x32; left empty, each file is one image", maxLength: 20, className: "gf-grid-field" });
  const files = h("input", { type: "file", multiple: true, accept: "image/*,.json", hidden: true, onchange: take });
  const label = button("Import", "Own sprites, or an atlas together with its JSON", () => files.click());
  async function take() {
    const form = new FormData();
    for (const file of files.files) form.append("files", file);
    if (cells.value.trim()) form.append("grid", cells.value.trim());
    files.value = "";
    label.disabled = true;
    const made = await attempt(() => upload("imports", form));
    label.disabled = false;
    if (!made) return;
    toast([`${plural(made.assets.length, "image")} imported.`, ...made.skipped.slice(0, 2).map((text) => `Left out: ${text}`)].join(" "));
    done();
  }
  return h("span", { className: "gf-import" }, label, cells, files);
}
