// The Review page: a batch at a time, culled with the keyboard; what others decide appears as they decide it.

import { api, attempt } from "./api.js";
import { openCompare } from "./compare.js";
import { askRedo, decide, remove, said, undo, upscale } from "./decide.js";
import { button, h, place, plural, when } from "./dom.js";
import { exportBatch } from "./export.js";
import { openLightbox } from "./lightbox.js";
import { framesOf, Player } from "./player.js";
import { rename, reviewer } from "./reviewer.js";
import { openSet } from "./setview.js";
import { store } from "./store.js";

const STATES = [["", "All"], ["new", "New"], ["approved", "Approved"], ["rejected", "Rejected"]];

export function mountReview(element) {
  let assets = [];
  let shown = [];
  let cursor = 0;
  let anchor = 0;
  let chosen = new Set(); // asset ids
  let batch = null;
  let digits = "";
  let digitTimer = null;
  let asked = null;

  const batches = h("select", { "aria-label": "Batch", onchange: () => open(Number(batches.value)) });
  const filter = h("select", { "aria-label": "Show", onchange: () => draw() }, STATES.map(([value, label]) => h("option", { value }, label)));
  const count = h("span", { className: "gf-muted gf-review-count", role: "status" });
  const name = h("input", { type: "text", value: reviewer(), "aria-label": "Your name in the history", title: "Your name in the history", className: "gf-reviewer", onchange: () => (name.value = rename(name.value)) });
  const grid = h("div", { className: "gf-gallery gf-review-grid", role: "listbox", "aria-label": "Images", "aria-multiselectable": "true", tabIndex: 0 });
  const empty = h("p", { className: "gf-empty" });
  const player = new Player();
  const actions = h("div", { className: "gf-review-actions" },
    button("Approve", "Approve (p)", () => mark("approved")),
    button("Reject", "Reject (x)", () => mark("rejected")),
    button("Redo", "Regenerate (r)", () => askRedo(targets())),
    button("Upscale 2×", "Enlarge twice", () => upscale(targets(), 2)),
    button("Compare", "Compare 2 to 9 (c)", compare),
    button("Set view", "Approved ones together (v)", () => openSet(assets, batch)),
    button("Export", "Export the approved ones (o)", () => exportBatch(assets)),
    button("Undo", "Undo my last step (u)", undo),
    button("Delete", "Move to the bin (Delete)", bin));
  const picked = h("span", { className: "gf-muted", role: "status" });
  element.replaceChildren(
    h("div", { className: "gf-page-head" }, h("h2", {}, "Review"), batches, filter, count, h("span", { className: "gf-grow" }), name),
    h("div", { className: "gf-review-bar" }, actions, picked),
    player.element, empty, grid);

  // ------------------------------------------------------------ what is shown

  async function load() {
    asked = null;
    if (!element.isConnected) return;
    const found = await attempt(() => api("batches?limit=100"));
    if (!found) return;
    batches.replaceChildren(...found.map((item) => h("option", { value: item.id }, `${item.id} · ${short(item.request)} · ${plural(item.total, "image")}, ${when(item.created_at)}`)));
    batches.hidden = !found.length;
    const wanted = batch && found.some((item) => item.id === batch) ? batch : found[0]?.id;
    if (wanted) await open(wanted);
    else draw();
  }

  async function open(id) {
    const found = await attempt(() => api(`assets?batch=${id}&limit=500`));
    if (!found) return;
    if (id !== batch) [cursor, anchor, chosen] = [0, 0, new Set()];
    batch = id;
    batches.value = String(id);
    assets = found;
    draw();
  }

  function draw() {
    const at = shown[cursor]?.id;
    shown = filter.value ? assets.filter((asset) => asset.state === filter.value) : assets;
    const again = shown.findIndex((asset) => asset.id === at);
    cursor = Math.max(0, Math.min(again >= 0 ? again : cursor, shown.length - 1));
    grid.replaceChildren(...shown.map(cell));
    player.show(framesOf(assets.filter((asset) => asset.state !== "rejected")));
    empty.hidden = shown.length > 0;
    empty.textContent = assets.length ? "No image of this batch is in that state." : "Nothing to review yet. Ask for images in the chat; each batch is reviewed here.";
    actions.hidden = !assets.length;
    scale();
    paint();
  }

  function cell(asset, index) {
    const image = h("img", { alt: "", loading: "lazy", decoding: "async", draggable: false });
    image.src = asset.url;
    return h("div", { className: "gf-cell gf-review-cell gf-checker", role: "option", "data-state": "done", "data-asset": asset.id, id: `gf-review-${asset.id}`,
      onclick: (event) => click(index, event), ondblclick: () => zoom() },
      h("span", { className: "gf-picture" }, image),
      h("span", { className: "gf-number" }, String(asset.number)));
  }

  function paint() {
    [...grid.children].forEach((element, index) => {
      const asset = shown[index];
      element.dataset.review = asset.state;
      element.classList.toggle("gf-current", index === cursor);
      element.setAttribute("aria-selected", String(chosen.has(asset.id)));
      element.setAttribute("aria-label", `${asset.number}, ${asset.subject}, ${asset.state}`);
      element.title = `${asset.number}: ${asset.subject} (${asset.state})`;
    });
    if (shown[cursor]) grid.setAttribute("aria-activedescendant", `gf-review-${shown[cursor].id}`);
    const done = assets.filter((asset) => asset.state !== "new").length;
    count.textContent = assets.length ? `${done} of ${assets.length} reviewed` : "";
    picked.textContent = chosen.size ? `${chosen.size} selected` : "";
  }

  function scale() {
    const room = (grid.firstElementChild?.clientWidth || 136) - 8;
    [...grid.querySelectorAll("img")].forEach((image, index) => shown[index] && place(image, shown[index], room));
  }

  // ------------------------------------------------------------ what is meant

  const targets = () => (chosen.size ? shown.filter((asset) => chosen.has(asset.id)) : shown[cursor] ? [shown[cursor]] : []);

  function go(index, { extend = false, keep = false } = {}) {
    if (!shown.length) return;
    cursor = Math.max(0, Math.min(shown.length - 1, index));
    if (extend) {
      const [from, to] = [Math.min(anchor, cursor), Math.max(anchor, cursor)];
      chosen = new Set(shown.slice(from, to + 1).map((asset) => asset.id));
    } else {
      anchor = cursor;
      if (!keep) chosen.clear();
    }
    paint();
    grid.children[cursor].scrollIntoView({ block: "nearest" });
  }

  function click(index, event) {
    grid.focus({ preventScroll: true });
    if (event.shiftKey) return go(index, { extend: true });
    if (event.ctrlKey || event.metaKey) toggle(index);
    return go(index, { keep: event.ctrlKey || event.metaKey });
  }

  function toggle(index) {
    const { id } = shown[index];
    if (!chosen.delete(id)) chosen.add(id);
  }

  async function mark(state) {
    const wanted = targets();
    if (!wanted.length) return;
    const many = wanted.length > 1;
    const next = shown[cursor + 1]?.id ?? shown[cursor]?.id;
    if (!many && !filter.value) go(cursor + 1); // the next key may come before the answer
    const done = await decide(wanted, state);
    if (done && many) said(wanted, state);
    if (many) chosen.clear();
    if (filter.value) {
      draw();
      const at = shown.findIndex((asset) => asset.id === next);
      if (at >= 0) cursor = at;
    }
    paint();
  }

  function compare() {
    let wanted = targets();
    if (wanted.length < 2) wanted = shown.slice(cursor, cursor + 2).length === 2 ? shown.slice(cursor, cursor + 2) : shown.slice(-2);
    openCompare(wanted);
  }

  function zoom() {
    if (shown[cursor]) openLightbox(shown, shown[cursor].id);
  }

  async function bin() {
    const wanted = targets();
    if (wanted.length && (await remove(wanted))) await open(batch);
  }

  const perRow = () => {
    const cells = [...grid.children];
    const top = cells[0]?.offsetTop;
    const next = cells.findIndex((item) => item.offsetTop !== top);
    return next < 0 ? cells.length || 1 : next;
  };

  function digit(number, extend) {
    clearTimeout(digitTimer);
    digits += number;
    digitTimer = setTimeout(() => (digits = ""), 700);
    let at = shown.findIndex((asset) => asset.number === Number(digits));
    if (at < 0) at = shown.findIndex((asset) => asset.number === Number((digits = String(number))));
    if (at >= 0) go(at, { extend });
  }

  function keys(event) {
    if (!element.offsetParent || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return;
      chosen = new Set(shown.map((asset) => asset.id));
      paint();
      event.preventDefault();
      return;
    }
    const extend = event.shiftKey;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow(), ArrowDown: perRow(), Home: -1e6, End: 1e6 };
    const number = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    const does = { p: () => mark("approved"), x: () => mark("rejected"), n: () => mark("new"), u: undo, r: () => askRedo(targets()), c: compare, z: zoom, Enter: zoom,
      v: () => openSet(assets, batch), o: () => exportBatch(assets), Delete: bin, " ": () => (toggle(cursor), paint()), Escape: () => (chosen.clear(), paint()) };
    if (event.key in moves) go(cursor + moves[event.key], { extend });
    else if (number && (digits || number[1] !== "0")) digit(Number(number[1]), extend);
    else if (does[event.key] && shown.length) does[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  document.addEventListener("keydown", keys, true);

  // ------------------------------------------------------------ what others do

  store.addEventListener("assets", ({ detail }) => {
    let mine = false;
    for (const change of detail.assets) {
      const asset = assets.find((item) => item.id === change.id);
      if (!asset) continue;
      if (change.version && change.version !== asset.version) mine = true; // another picture
      if (change.deleted_at !== undefined && change.deleted_at !== null) mine = true;
      Object.assign(asset, { state: change.state ?? asset.state, revision: change.revision ?? asset.revision });
    }
    if (detail.assets.some((change) => change.deleted_at === null && !assets.some((item) => item.id === change.id))) mine = true;
    if (mine) soon();
    paint();
  });
  const soon = () => (asked ??= setTimeout(() => {
    asked = null;
    if (batch) open(batch);
  }, 150));
  store.addEventListener("jobs", () => element.offsetParent && soonAll());
  let all = null;
  const soonAll = () => (all ??= setTimeout(() => {
    all = null;
    load();
  }, 600));
  new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    load();
    grid.focus({ preventScroll: true });
  }).observe(element);
  new ResizeObserver(scale).observe(grid);
  load();
}

const short = (text) => (text.length > 48 ? `${text.slice(0, 47)}…` : text);
