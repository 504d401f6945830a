// The Library page: every picture of the project, newest first, searchable; opens large.

import { api, attempt } from "./api.js";
import { button, h, place } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { store } from "./store.js";

const PAGE = 120;
const STATES = [["", "All"], ["new", "New"], ["approved", "Approved"], ["rejected", "Rejected"]];

export function mountLibrary(element) {
  let assets = [];
  let more = false;
  let text = "";
  let asked = null;
  const search = h("input", { type: "search", placeholder: "Search subjects and prompts", "aria-label": "Search", oninput: () => {
    text = search.value.trim();
    soon();
  } });
  const filter = h("select", { "aria-label": "State", onchange: () => load() },
    STATES.map(([value, label]) => h("option", { value }, label)));
  const count = h("span", { className: "gf-muted", role: "status" });
  const grid = h("div", { className: "gf-gallery gf-library-grid" });
  const older = button("More", null, () => load(assets.at(-1)?.id));
  const empty = h("p", { className: "gf-empty" });
  element.replaceChildren(h("div", { className: "gf-page-head" }, h("h2", {}, "Library"), search, filter, count), empty, grid, older);

  async function load(before) {
    asked = null;
    if (!element.isConnected) return;
    const query = new URLSearchParams({ limit: PAGE, ...(text && { text }), ...(filter.value && { state: filter.value }), ...(before && { before }) });
    const found = await attempt(() => api(`assets?${query}`));
    if (!found) return;
    assets = before ? [...assets, ...found] : found;
    more = found.length === PAGE;
    if (!before) grid.replaceChildren();
    grid.append(...found.map(cell));
    scale();
    older.hidden = !more;
    count.textContent = assets.length ? `${assets.length}${more ? "+" : ""} images` : "";
    empty.textContent = text || filter.value ? "Nothing found. Try another word or another state." : "The library is empty. Ask for images in the chat; all of them are kept here.";
    empty.hidden = assets.length > 0;
  }

  function scale() {
    const room = (grid.firstElementChild?.clientWidth || 136) - 8;
    [...grid.querySelectorAll("img")].forEach((image, index) => place(image, assets[index], room));
  }

  const soon = () => (asked ??= setTimeout(load, 400));

  function cell(asset) {
    const image = h("img", { alt: asset.subject, loading: "lazy", decoding: "async" });
    image.src = asset.url;
    return h("div", { className: "gf-cell", title: asset.subject, "data-state": "done", "data-review": asset.state, "data-asset": asset.id },
      h("button", { type: "button", className: "gf-picture", "aria-label": `Open ${asset.subject}`, onclick: () => openLightbox(assets, asset.id) }, image));
  }

  store.addEventListener("review", ({ detail: { asset } }) => {
    const shown = grid.querySelector(`[data-asset="${asset.id}"]`);
    if (shown) shown.dataset.review = asset.state;
  });
  store.addEventListener("jobs", () => element.offsetParent && soon());
  new IntersectionObserver(([entry]) => entry.isIntersecting && load()).observe(element);
  new ResizeObserver(scale).observe(grid);
  load();
}
