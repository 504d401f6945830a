// The Documents page: drop files or folders, see how far they are, search, read with the passage marked; and the
// citations in the chat, which open the same reader.

import { ApiError, api, attempt } from "./api.js";
import { button, h, plural, toast, when } from "./dom.js";
import { openReader } from "./reader.js";
import { store } from "./store.js";

const WORDS = { queued: "waiting", running: "reading", done: "read", failed: "not read", canceled: "stopped" };
const AT_ONCE = 50; // files in one request

// ------------------------------------------------------------ what was dropped

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    if (!file.name.startsWith(".")) found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // 100 at a time
    if (!some.length) return;
    for (const child of some) if (!child.name.startsWith(".")) await walk(child, found);
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  if (entries.length) for (const entry of entries) await walk(entry, found);
  else for (const file of transfer.files) found.push({ file, name: file.name });
  return found;
}

async function upload(found) {
  const skipped = [];
  const jobs = [];
  for (let start = 0; start < found.length; start += AT_ONCE) {
    const form = new FormData();
    for (const { file, name } of found.slice(start, start + AT_ONCE)) {
      form.append("files", file, file.name);
      form.append("names", name);
    }
    let response;
    try {
      response = await fetch("/api/documents", { method: "POST", body: form });
    } catch {
      throw new ApiError("GameForge does not answer. It may have been stopped; start it again.");
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(answer?.error ?? `The server answered ${response.status}.`);
    jobs.push(answer.job.id);
    skipped.push(...answer.skipped);
  }
  return { jobs, skipped };
}

// ------------------------------------------------------------ the page

export function mountDocuments(element) {
  const picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => take([...picker.files]) });
  const folder = h("input", { type: "file", multiple: true, hidden: true, webkitdirectory: true, onchange: () => take([...folder.files]) });
  const count = h("span", { className: "gf-muted", role: "status" });
  const search = h("input", { type: "search", placeholder: "Search in all documents", "aria-label": "Search in all documents", oninput: () => searchSoon() });
  const drop = h("div", { className: "gf-drop" },
    h("p", {}, "Drop design documents or a folder here"),
    h("p", { className: "gf-muted" }, "Markdown, text, HTML, Word (DOCX), PDF, ODT, spreadsheets"),
    h("div", { className: "gf-actions" }, button("Choose files", null, () => picker.click()), button("Choose a folder", null, () => folder.click())));
  const running = h("div", { className: "gf-reading" });
  const skippedList = h("ul", { className: "gf-skipped", hidden: true });
  const results = h("ol", { className: "gf-results", hidden: true });
  const list = h("ul", { className: "gf-document-list" });
  const about = h("div", { className: "gf-known" });
  element.replaceChildren(
    h("div", { className: "gf-page-head" }, h("h2", {}, "Documents"), search, count),
    drop, picker, folder, running, skippedList, results, list, about);

  for (const name of ["dragenter", "dragover"]) {
    element.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("gf-over"); });
  }
  element.addEventListener("dragleave", (event) => element.contains(event.relatedTarget) || drop.classList.remove("gf-over"));
  element.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("gf-over");
    send(await dropped(event.dataTransfer));
  });

  function take(files) {
    send(files.map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    picker.value = "";
    folder.value = "";
  }

  async function send(found) {
    if (!found.length) return;
    skippedList.hidden = true;
    const sent = await attempt(() => upload(found));
    if (!sent) return;
    for (const id of sent.jobs) running.append(h("div", { className: `gf-ingest gf-id-${id}` }));
    if (sent.skipped.length) {
      skippedList.hidden = false;
      skippedList.replaceChildren(...sent.skipped.map((one) => h("li", {}, h("strong", {}, one.name), ` was skipped: ${one.reason}`)));
    }
  }

  async function load() {
    asked = null;
    if (!element.isConnected) return;
    let found;
    try {
      found = await api("documents");
    } catch {
      return; // the header says that the server is away
    }
    const passages = found.reduce((sum, one) => sum + one.passages, 0);
    count.textContent = found.length ? `${plural(found.length, "document")}, ${plural(passages, "passage")}` : "";
    list.replaceChildren(...found.map(row));
    if (!found.length) list.replaceChildren(h("li", { className: "gf-empty" }, "No documents yet. Add your design documents, then ask about them in the chat."));
    known();
  }

  let asked = null;
  const soon = () => (asked ??= setTimeout(load, 300));

  function row(one) {
    const line = h("li", { "data-document": one.id },
      h("button", { type: "button", className: "gf-document-name", onclick: () => openReader(one.id) }, one.name),
      h("span", { className: "gf-muted" }, [one.title !== one.name && one.title, plural(one.passages, "passage"), when(one.updated_at)].filter(Boolean).join(" · ")),
      button("Delete", `Delete ${one.name}`, () => {
        line.hidden = true;
        toast(`${one.name} is deleted.`, {
          action: { label: "Undo", run: () => { line.hidden = false; } },
          onexpire: async () => { await attempt(() => api(`documents/${one.id}`, { method: "DELETE" })); soon(); },
        });
      }));
    return line;
  }

  // What the documents and the user said for good
  async function known() {
    const found = await api("memory").catch(() => null);
    if (!found || !element.isConnected) return;
    const items = [
      ...found.facts.map((fact) => h("li", {}, h("span", {}, fact.text), citation(fact),
        button("Leave out", "Do not use this any more", () => attempt(async () => { await api("memory/dismiss", { method: "POST", body: { key: fact.key } }); soon(); })))),
      ...found.preferences.map((note) => h("li", {}, h("span", {}, note.text), h("span", { className: "gf-muted" }, "you said so"),
        button("Forget", "Forget this", () => attempt(async () => { await api(`memory/notes/${note.id}`, { method: "DELETE" }); soon(); })))),
      ...found.dismissed.map((note) => h("li", { className: "gf-muted" }, h("span", {}, `Left out: ${note.text}`),
        button("Use again", null, () => attempt(async () => { await api(`memory/notes/${note.id}`, { method: "DELETE" }); soon(); })))),
    ];
    about.replaceChildren(...(items.length ? [h("h3", {}, "Used in new assets and code"), h("ul", {}, items)] : []));
  }

  function citation(one) {
    return h("button", { type: "button", className: "gf-cite", onclick: () => openReader(one.document_id, one.passage_id) }, `${one.document} > ${one.heading}`);
  }

  let typing = null;
  function searchSoon() {
    clearTimeout(typing);
    typing = setTimeout(look, 300);
  }

  async function look() {
    const text = search.value.trim();
    results.hidden = !text;
    list.hidden = Boolean(text);
    if (!text) return;
    const found = await attempt(() => api(`documents/search?${new URLSearchParams({ q: text, k: 8 })}`));
    if (!found || search.value.trim() !== text) return;
    results.replaceChildren(...found.map((one) => h("li", {},
      h("button", { type: "button", className: "gf-result", onclick: () => openReader(one.document_id, one.id) },
        h("strong", {}, `${one.document}${one.heading ? ` > ${one.heading}` : ""}`), h("span", {}, short(one.passage))))));
    if (!found.length) results.replaceChildren(h("li", { className: "gf-empty" }, "Nothing found. Add documents, or try other words."));
  }

  store.addEventListener("jobs", () => element.offsetParent && soon());
  new IntersectionObserver(([entry]) => entry.isIntersecting && load()).observe(element);
  load();
}

const short = (text) => (text.length > 240 ? `${text.slice(0, 240)} …` : text);

// ------------------------------------------------------------ a job that reads

export function mountIngest(element, id) {
  const head = h("span", { role: "status" });
  const bar = h("progress", { className: "gf-bar" });
  const stop = button("Stop", "Stop reading; what is read stays", () => attempt(() => api(`jobs/${id}/cancel`, { method: "POST" })));
  const retry = button("Retry", "Read the others again", () => attempt(() => api(`jobs/${id}/retry`, { method: "POST" })));
  const files = h("ul", {});
  element.replaceChildren(h("div", { className: "gf-job-head" }, head, bar, retry, stop), files);

  const paint = () => {
    if (!element.isConnected) return store.removeEventListener(`job-${id}`, paint);
    const entry = store.jobs.get(id);
    if (!entry) return undefined;
    const { job, tasks, steps } = entry;
    const open = store.isOpen(job);
    element.dataset.state = job.state;
    head.textContent = open ? `Reading ${plural(job.total, "document")}: ${job.done} done` :
      `${job.done} of ${plural(job.total, "document")} read${job.failed ? `, ${job.failed} could not be` : ""}${job.canceled ? `, ${job.canceled} stopped` : ""}`;
    bar.hidden = !open;
    bar.max = job.total;
    const part = tasks.reduce((sum, task) => {
      const step = task.state === "running" && steps.get(task.id);
      return sum + (step?.steps ? step.step / step.steps : 0);
    }, 0);
    bar.value = job.done + job.failed + job.canceled + part;
    stop.hidden = !open;
    retry.hidden = open || job.failed + job.canceled === 0;
    const told = tasks.length > 8 ? tasks.filter((task) => task.state !== "done" && task.state !== "queued") : tasks;
    files.replaceChildren(...told.map((task) => {
      const step = task.state === "running" && steps.get(task.id);
      const far = step?.steps ? ` (${step.step} of ${step.steps} passages)` : "";
      return h("li", { "data-state": task.state, className: task.state === "failed" ? "gf-error" : "" },
        task.state === "failed" ? task.error : `${task.label}: ${WORDS[task.state]}${far}`);
    }));
    return undefined;
  };
  store.addEventListener(`job-${id}`, paint);
  if (store.jobs.has(id)) paint();
  else store.load(id).catch((error) => element.replaceChildren(h("p", { className: "gf-error" }, error.message)));
}

// ------------------------------------------------------------ citations in the chat

export function mountCitation(element) {
  const number = (prefix) => Number([...element.classList].find((name) => name.startsWith(prefix))?.slice(prefix.length));
  const label = element.textContent;
  element.replaceChildren(h("button", { type: "button", className: "gf-cite", title: "Open the passage",
    onclick: () => openReader(number("gf-doc-"), number("gf-id-")) }, label));
}
