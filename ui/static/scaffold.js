// Starter code in a message: its files as a tree, one of them highlighted, a zip, and saving after a look at what it changes.

import { api, attempt } from "./api.js";
import { button, h, plural, toast } from "./dom.js";

export async function mountScaffold(element, id) {
  let made;
  try {
    made = await api(`scaffolds/${id}`);
  } catch (error) {
    element.replaceChildren(h("p", { className: "gf-error" }, error.message));
    return;
  }
  const code = h("div", { className: "gf-code" });
  const rows = new Map();
  const saver = h("div", { className: "gf-save", hidden: true });

  function show(file) {
    for (const [name, row] of rows) row.setAttribute("aria-current", String(name === file.name));
    code.replaceChildren(
      h("div", { className: "gf-code-head" },
        h("span", { className: "gf-code-name" }, file.name),
        h("span", { className: "gf-muted" }, state(file)),
        button("Copy", "Copy this file", async () => {
          await navigator.clipboard.writeText(file.text);
          toast(`${file.name} is copied.`);
        })),
      ...problems(file),
      listing(file));
  }

  const tree = h("ul", { className: "gf-tree", "aria-label": "Files" }, made.files.map((file) => {
    const row = button(file.name, null, () => show(file), "gf-file");
    row.append(...(file.problems.length ? [h("span", { className: "gf-error" }, " does not parse")] : []));
    rows.set(file.name, row);
    return h("li", {}, row);
  }));
  element.replaceChildren(
    h("div", { className: "gf-scaffold-head" },
      h("strong", {}, made.title), h("span", { className: "gf-muted" }, `${made.engine_name} · ${plural(made.files.length, "file")} · ${author(made)}`),
      h("span", { className: "gf-spring" }),
      h("a", { className: "gf-button", href: `/api/scaffolds/${id}/zip`, download: "" }, "Download zip"),
      button("Save to folder…", "You see first what would be written", () => {
        saver.hidden = !saver.hidden;
        if (!saver.hidden) folderForm(saver, made);
      })),
    saver,
    h("div", { className: "gf-scaffold-body" }, tree, code));
  show(made.files.find((file) => file.problems.length) ?? made.files.at(-1));
}

const author = (made) => (made.author === "templates" ? "from tested templates" : `by ${made.author}`);

function state(file) {
  if (file.problems.length) return `${file.checked_by} finds ${plural(file.problems.length, "error")}`;
  return file.checked_by ? `parsed by ${file.checked_by}` : "not parsed: no parser for it";
}

function problems(file) {
  if (!file.problems.length) return [];
  return [h("ul", { className: "gf-problems" }, file.problems.map((problem) =>
    h("li", {}, `Line ${problem.line}, column ${problem.column}: ${problem.message}`)))];
}

function listing(file) {
  const wrong = new Set(file.problems.map((problem) => problem.line));
  const lines = file.tokens.map((tokens, index) => h("span", { className: wrong.has(index + 1) ? "gf-line gf-wrong" : "gf-line" },
    tokens.map(([kind, text]) => (kind ? h("span", { className: `gf-${kind}` }, text) : text)), "\n"));
  return h("pre", { className: "gf-listing", tabIndex: 0, "aria-label": file.name }, h("code", {}, lines));
}

// ------------------------------------------------------------ save to a folder

function folderForm(place, made) {
  const folder = h("input", { type: "text", placeholder: made.save_root, "aria-label": "Folder", spellcheck: false });
  const said = h("div", { className: "gf-save-plan", role: "status" });
  const look = button("Look", "Say what would be written; nothing is written yet", () => plan());
  folder.addEventListener("keydown", (event) => event.key === "Enter" && plan());

  async function plan() {
    const found = await attempt(() => api(`scaffolds/${made.id}/save`, { method: "POST", body: { folder: folder.value } }));
    if (!found) return;
    const many = found.new.length + found.replaced.length;
    if (!many) {
      said.replaceChildren(h("p", {}, `${found.folder} has these files already.`));
      return;
    }
    const replace = h("input", { type: "checkbox" });
    const save = button(`Save ${plural(many, "file")}`, null, () => write(found, replace.checked), "gf-button gf-primary");
    save.disabled = found.replaced.length > 0;
    replace.addEventListener("change", () => (save.disabled = !replace.checked));
    said.replaceChildren(
      h("p", {}, `Into ${found.folder}:`),
      h("ul", {}, found.new.map((name) => h("li", {}, name, h("span", { className: "gf-muted" }, " new"))),
        found.replaced.map((name) => h("li", {}, name, h("span", { className: "gf-error" }, " is there and would be replaced")))),
      ...(found.replaced.length ? [h("label", {}, replace, ` Replace ${plural(found.replaced.length, "file")}`)] : []),
      h("div", { className: "gf-actions" }, save, button("Cancel", "Nothing is written", () => (place.hidden = true))));
  }

  async function write(found, replace) {
    const done = await attempt(() => api(`scaffolds/${made.id}/save`, { method: "POST", body: { folder: found.folder, confirm: true, replace } }));
    if (!done) return;
    place.hidden = true;
    toast(`Saved ${plural(done.new.length + done.replaced.length, "file")} to ${done.folder}.`);
  }

  place.replaceChildren(h("div", { className: "gf-fields" }, h("label", {}, "Folder ", folder), look), said);
  folder.focus();
}
