// The Library page: every picture of the project, newest first, searchable; opens large.

import { api, attempt } from "./api.js";
import { button, h, place } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { store } from "./store.js";

const PAGE = 120;
const ROOM = 104; // px

export function mountLibrary(element) {
  let assets = [];
  let more = false;
  let text = "";
  let asked = null;
  const search = h("input", { type: "search", placeholder: "Search subjects and prompts", "aria-label": "Search", oninput: () => {
    text = search.value.trim();
    soon();
  } });
  const count = h("span", { className: "gf-muted", role: "status" });
  const grid = h("div", { className: "gf-gallery gf-library-grid" });
  const older = button("More", null, () => load(assets.at(-1)?.id));
  const empty = h("p", { className: "gf-empty" });
  element.replaceChildren(h("div", { className: "gf-page-head" }, h("h2", {}, "Library"), search, count), empty, grid, older);

  async function load(before) {
    asked = null;
    if (!element.isConnected) return;
    const query = new URLSearchParams({ limit: PAGE, ...(text && { text }), ...(before && { before }) });
    const found = await attempt(() => api(`assets?${query}`));
    if (!found) return;
    assets = before ? [...assets, ...found] : found;
    more = found.length === PAGE;
    if (!before) grid.replaceChildren();
    grid.append(...found.map(cell));
    older.hidden = !more;
    count.textContent = assets.length ? `${assets.length}${more ? "+" : ""} images` : "";
    empty.textContent = text ? "Nothing found. Try another word." : "The library is empty. Ask for images in the chat; all of them are kept here.";
    empty.hidden = assets.length > 0;
  }

  const soon = () => (asked ??= setTimeout(load, 400));

  function cell(asset) {
    const image = h("img", { alt: asset.subject, loading: "lazy", decoding: "async" });
    place(image, asset, ROOM);
    image.src = asset.url;
    return h("div", { className: "gf-cell", title: asset.subject, "data-state": "done" },
      h("button", { type: "button", className: "gf-picture", "aria-label": `Open ${asset.subject}`, onclick: () => openLightbox(assets, asset.id) }, image));
  }

  store.addEventListener("jobs", () => element.offsetParent && soon());
  new IntersectionObserver(([entry]) => entry.isIntersecting && load()).observe(element);
  load();
}
