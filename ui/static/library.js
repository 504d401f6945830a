// The Library page: every picture of the project, newest first; found by word, meaning and filter; many at once.

import { api, attempt } from "./api.js";
import { openCompare } from "./compare.js";
import { askRedo, decide, remove, restore, said, undo, upscale } from "./decide.js";
import { button, h, place } from "./dom.js";
import { importButton, openExport } from "./export.js";
import { openLightbox } from "./lightbox.js";
import { reviewer } from "./reviewer.js";
import { store } from "./store.js";

const PAGE = 120;
const STATES = [["", "Any state"], ["new", "New"], ["approved", "Approved"], ["rejected", "Rejected"], ["superseded", "Superseded"], ["bin", "In the bin"]];
const KINDS = ["prop", "item", "icon", "character", "tile", "texture", "ui", "background", "effect"];
const COLOURS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "gray", "white"];
const AGES = [["", "Any time"], ["1", "Today"], ["7", "Last 7 days"], ["30", "Last 30 days"]];
const A_DAY = 24 * 3600;

export function mountLibrary(element) {
  let assets = [];
  let more = false;
  let loading = false;
  let wanted = 0; // the newest search; late answers of older ones are dropped
  let asked = null;
  let cursor = -1;
  let anchor = 0;
  let chosen = new Set();

  const select = (label, options, any) => h("select", { "aria-label": label, onchange: () => load() },
    [...(any ? [["", any]] : []), ...options.map((item) => (Array.isArray(item) ? item : [item, item]))].map(([value, text]) => h("option", { value }, text)));
  const search = h("input", { type: "search", placeholder: "Search: barrel, blue, something to hide behind", "aria-label": "Search", maxLength: 200, oninput: () => soon() });
  const meaning = h("input", { type: "checkbox", onchange: () => load() });
  const filter = select("State", STATES);
  const kind = select("Kind", KINDS, "Any kind");
  const colour = select("Colour", COLOURS, "Any colour");
  const age = select("Date", AGES);
  const size = h("input", { type: "number", min: 1, placeholder: "min px", "aria-label": "Smallest size in pixels", onchange: () => load() });
  const tag = h("input", { type: "text", placeholder: "tag", "aria-label": "Tag", onchange: () => load() });
  const collection = h("input", { type: "text", placeholder: "collection", "aria-label": "Collection", onchange: () => load() });
  const count = h("span", { className: "gf-muted", role: "status" });
  const grid = h("div", { className: "gf-gallery gf-library-grid", role: "listbox", "aria-label": "Images", "aria-multiselectable": "true", tabIndex: 0 });
  const empty = h("p", { className: "gf-empty" });
  const sentinel = h("div", { className: "gf-sentinel" });
  const selection = h("div", { className: "gf-selection", hidden: true });
  const exporter = button("Export", "For a game engine, or as single files", () => openExport([
    ...(chosen.size ? [{ label: `The ${chosen.size} selected`, assets: [...chosen] }] : []),
    { label: "All approved ones of the project", assets: "approved" },
    ...(assets.length ? [{ label: `The ${assets.length} shown here`, assets: assets.map((asset) => asset.id) }] : []),
    { label: "Everything in the project", assets: "all" },
  ]));
  element.replaceChildren(
    h("div", { className: "gf-page-head" }, h("h2", {}, "Library"), search, h("label", { className: "gf-muted" }, meaning, " by meaning"), exporter, importButton(() => load()), count),
    h("div", { className: "gf-filters" }, filter, kind, colour, age, size, tag, collection),
    selection, empty, grid, sentinel);

  const inBin = () => filter.value === "bin";
  const filtered = () => search.value.trim() || filter.value || kind.value || colour.value || age.value || size.value || tag.value || collection.value;

  function query(before) {
    const wantedState = inBin() ? { deleted: true } : filter.value ? { state: filter.value } : {};
    const text = search.value.trim();
    return new URLSearchParams({
      limit: PAGE, ...wantedState, ...(text && { text }), ...(text && meaning.checked && { meaning: true }),
      ...(kind.value && { kind: kind.value }), ...(colour.value && { colour: colour.value }),
      ...(age.value && { since: Math.round(Date.now() / 1000 - Number(age.value) * A_DAY) }),
      ...(size.value > 0 && { size_from: size.value }), ...(tag.value.trim() && { tag: tag.value.trim() }),
      ...(collection.value.trim() && { collection: collection.value.trim() }), ...(before && { before }),
    });
  }

  async function load(before) {
    clearTimeout(asked);
    asked = null;
    if (!element.isConnected || (before && loading)) return;
    loading = true;
    const mine = ++wanted;
    const found = await attempt(() => api(`assets?${query(before)}`));
    loading = false;
    if (!found || mine !== wanted) return;
    assets = before ? [...assets, ...found] : found;
    more = found.length === PAGE && !(meaning.checked && search.value.trim());
    if (!before) {
      grid.replaceChildren();
      chosen.clear();
      cursor = -1;
    }
    grid.append(...found.map((asset, index) => cell(asset, assets.length - found.length + index)));
    scale();
    paint();
    count.textContent = assets.length ? `${assets.length}${more ? "+" : ""} images` : "";
    empty.textContent = inBin() ? "The bin is empty." : filtered() ? "Nothing found. Try another word, search by meaning, or loosen the filters." : "The library is empty. Ask for images in the chat; all of them are kept here.";
    empty.hidden = assets.length > 0;
    watchEnd();
  }

  function scale() {
    const room = (grid.firstElementChild?.clientWidth || 136) - 8;
    [...grid.querySelectorAll("img")].forEach((image, index) => place(image, assets[index], room));
  }

  const soon = () => {
    clearTimeout(asked);
    asked = setTimeout(() => load(), 300);
  };

  function cell(asset, index) {
    const image = h("img", { alt: asset.subject, loading: "lazy", decoding: "async", draggable: false });
    image.src = Math.max(asset.width, asset.height) > 256 ? `${asset.url}?size=256` : asset.url;
    return h("div", { className: "gf-cell", role: "option", title: asset.subject, "data-state": "done", "data-review": asset.state, "data-asset": asset.id, onclick: (event) => click(index, event) },
      h("button", { type: "button", className: "gf-picture", tabIndex: -1, "aria-label": `Open ${asset.subject}` }, image));
  }

  function click(index, event) {
    grid.focus({ preventScroll: true });
    if (event.shiftKey) go(index, true);
    else if (event.ctrlKey || event.metaKey || chosen.size) {
      toggle(index);
      cursor = anchor = index;
      paint();
    } else {
      cursor = anchor = index;
      paint();
      openLightbox(assets, assets[index].id);
    }
  }

  function toggle(index) {
    const { id } = assets[index];
    if (!chosen.delete(id)) chosen.add(id);
  }

  function go(index, extend) {
    if (!assets.length) return;
    cursor = Math.max(0, Math.min(assets.length - 1, index));
    if (extend) chosen = new Set(assets.slice(Math.min(anchor, cursor), Math.max(anchor, cursor) + 1).map((asset) => asset.id));
    else anchor = cursor;
    paint();
    grid.children[cursor].scrollIntoView({ block: "nearest" });
  }

  const targets = () => (chosen.size ? assets.filter((asset) => chosen.has(asset.id)) : assets[cursor] ? [assets[cursor]] : []);

  function paint() {
    [...grid.children].forEach((item, index) => {
      item.dataset.review = assets[index].state;
      item.classList.toggle("gf-current", index === cursor);
      item.setAttribute("aria-selected", String(chosen.has(assets[index].id)));
    });
    selection.hidden = chosen.size === 0;
    if (!chosen.size) return;
    const act = (label, work) => button(label, null, work);
    selection.replaceChildren(
      h("strong", {}, `${chosen.size} selected`),
      ...(inBin()
        ? [act("Restore", () => after(restore(targets())))]
        : [
            act("Approve", () => mark("approved")), act("Reject", () => mark("rejected")), act("Redo", () => askRedo(targets())),
            act("Upscale 2×", () => upscale(targets(), 2)), chosen.size > 1 && act("Compare", () => openCompare(targets())),
            act("Tag", () => label("tag")), act("Collection", () => label("collection")), act("Delete", () => after(remove(targets()))),
          ].filter(Boolean)),
      button("Clear", "Escape", () => (chosen.clear(), paint()), "gf-link"));
  }

  async function mark(state) {
    const some = targets();
    if (some.length && (await decide(some, state))) said(some, state);
    paint();
  }

  async function after(work) {
    if (await work) load();
  }

  async function label(what) {
    const name = window.prompt(what === "tag" ? "Tag for the selected images" : "Collection for the selected images");
    if (!name?.trim()) return;
    const body = { assets: targets().map((asset) => asset.id), kind: what, add: [name.trim()], who: reviewer() };
    await attempt(() => api("assets/labels", { method: "POST", body }));
    load();
  }

  const perRow = () => {
    const top = grid.firstElementChild?.offsetTop;
    const next = [...grid.children].findIndex((item) => item.offsetTop !== top);
    return next < 0 ? Math.max(1, grid.children.length) : next;
  };

  grid.addEventListener("keydown", (event) => {
    if (event.altKey) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow(), ArrowDown: perRow(), Home: -1e9, End: 1e9 };
    const does = { Enter: () => assets[cursor] && openLightbox(assets, assets[cursor].id), " ": () => cursor >= 0 && (toggle(cursor), paint()), Escape: () => (chosen.clear(), paint()),
      p: () => mark("approved"), x: () => mark("rejected"), u: undo, r: () => askRedo(targets()), c: () => openCompare(targets()), Delete: () => targets().length && after(remove(targets())) };
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return;
      chosen = new Set(assets.map((asset) => asset.id));
      paint();
    } else if (event.key in moves) go((cursor < 0 ? -1 : cursor) + moves[event.key], event.shiftKey);
    else if (does[event.key]) does[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  store.addEventListener("assets", ({ detail }) => {
    let other = false;
    for (const change of detail.assets) {
      const asset = assets.find((item) => item.id === change.id);
      if (!asset) continue;
      if (change.version && change.version !== asset.version) other = true;
      asset.state = change.state ?? asset.state;
      asset.revision = change.revision ?? asset.revision;
    }
    paint();
    if (other && element.offsetParent) soon();
  });
  store.addEventListener("jobs", () => element.offsetParent && !chosen.size && window.scrollY < 200 && soon());
  function watchEnd() {
    if (more && sentinel.getBoundingClientRect().top < window.innerHeight + 600) load(assets.at(-1)?.id);
  }
  new IntersectionObserver(([entry]) => entry.isIntersecting && more && load(assets.at(-1)?.id), { rootMargin: "600px" }).observe(sentinel);
  new IntersectionObserver(([entry]) => entry.isIntersecting && load()).observe(element);
  new ResizeObserver(scale).observe(grid);
  load();
}
