// Two to nine pictures under one magnifying glass: zoom and pan move all of them together, down to single pixels.

import { h, button } from "./dom.js";
import { decide } from "./decide.js";

const MOST = 9;
const GROUNDS = { checker: "Checker", black: "Black", white: "White", colour: "Colour", shot: "Screenshot" };
const LEAST_ZOOM = 0.25;
const MOST_ZOOM = 64; // screen px for a pixel

let ground = "checker";
let shot = null; // object URL of the user's screenshot; stays in this page
let colour = "#4a7a3a";

export function openCompare(assets, { review = true } = {}) {
  const shown = assets.slice(0, MOST);
  if (shown.length < 2) return;
  const dots = window.devicePixelRatio || 1;
  const longest = Math.max(...shown.map((asset) => Math.max(asset.width, asset.height)));
  // `zoom`: CSS px for a pixel of the largest picture; smaller ones are brought to the same size on the screen.
  let view = { zoom: 1, x: 0, y: 0 };
  let mode = "side";
  let repeat = shown.every((asset) => ["tile", "texture"].includes(asset.kind));
  let split = 0.5;
  let active = 0;

  const panes = shown.map((asset, index) => {
    const picture = h("div", { className: "gf-compare-picture", role: "img", "aria-label": asset.subject });
    picture.style.backgroundImage = `url("${asset.url}")`;
    const pane = h("div", { className: "gf-compare-pane", tabIndex: 0, onfocus: () => activate(index) },
      h("div", { className: "gf-compare-move" }, picture),
      h("span", { className: "gf-compare-label" }, `${asset.number}. ${asset.subject} · ${asset.width} × ${asset.height}`));
    return { asset, pane, picture };
  });
  const stage = h("div", { className: "gf-compare-stage" }, panes.map(({ pane }) => pane));
  const handle = h("input", { type: "range", min: 0, max: 1000, value: 500, className: "gf-compare-slider", "aria-label": "Slider between the two", hidden: true, oninput: () => {
    split = handle.value / 1000;
    paint();
  } });
  const zoomed = h("output", { className: "gf-compare-zoom" });
  const modes = shown.length === 2 ? [["side", "Side by side"], ["slider", "Slider"], ["hover", "Hover"]] : [];
  const modeButtons = modes.map(([name, label]) => button(label, null, () => setMode(name)));
  const groundSelect = h("select", { "aria-label": "Background", onchange: () => setGround(groundSelect.value) },
    Object.entries(GROUNDS).map(([value, label]) => h("option", { value }, label)));
  const colourInput = h("input", { type: "color", value: colour, "aria-label": "Background colour", hidden: true, oninput: () => {
    colour = colourInput.value;
    paint();
  } });
  const file = h("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
    if (!file.files[0]) return;
    if (shot) URL.revokeObjectURL(shot);
    shot = URL.createObjectURL(file.files[0]);
    paint();
  } });
  const repeatButton = button("3 × 3", "Repeat as a tile (t)", () => {
    repeat = !repeat;
    paint();
  });
  const scales = [1, 2, 4].map((factor) => button(`${factor}×`, `Game scale ${factor}x, nearest`, () => zoomTo(factor / dots)));
  const dialog = h("dialog", { className: "gf-compare", "aria-label": "Compare" },
    h("div", { className: "gf-compare-bar" },
      modeButtons, scales, button("Fit", "Fit (0)", fitAll), zoomed, groundSelect, colourInput, file, repeatButton,
      h("span", { className: "gf-grow" }),
      button("×", "Close (Escape)", () => dialog.close(), "gf-icon gf-compare-close")),
    stage, handle);

  function setMode(name) {
    mode = name;
    paint();
  }

  function setGround(name) {
    ground = name;
    if (name === "shot" && !shot) file.click();
    paint();
  }

  function activate(index) {
    active = index;
    panes.forEach(({ pane }, place) => pane.classList.toggle("gf-current", place === index));
  }

  function paint() {
    dialog.dataset.mode = mode;
    dialog.dataset.ground = ground;
    stage.style.setProperty("--gf-ground", colour);
    stage.style.setProperty("--gf-shot", shot ? `url("${shot}")` : "none");
    colourInput.hidden = ground !== "colour";
    groundSelect.value = ground;
    handle.hidden = mode !== "slider";
    repeatButton.setAttribute("aria-pressed", String(repeat));
    modeButtons.forEach((element, index) => element.setAttribute("aria-pressed", String(modes[index][0] === mode)));
    stage.style.setProperty("--gf-columns", mode === "side" ? columns() : 1);
    for (const { asset, pane, picture } of panes) {
      const scale = (view.zoom * longest) / Math.max(asset.width, asset.height);
      const times = repeat ? 3 : 1;
      picture.style.width = `${asset.width * scale * times}px`;
      picture.style.height = `${asset.height * scale * times}px`;
      picture.style.backgroundSize = `${asset.width * scale}px ${asset.height * scale}px`;
      picture.style.imageRendering = scale * dots >= 1 ? "pixelated" : "auto";
      picture.style.transform = `translate(-50%, -50%) translate(${view.x}px, ${view.y}px)`;
      pane.dataset.state = asset.state;
    }
    const second = panes[1].pane;
    second.style.clipPath = mode === "slider" ? `inset(0 0 0 ${split * 100}%)` : "";
    zoomed.textContent = `${Math.round(view.zoom * dots * 100)} %`;
    Object.assign(dialog.dataset, { zoom: (view.zoom * dots).toFixed(3), x: view.x.toFixed(1), y: view.y.toFixed(1) });
  }

  function columns() {
    return window.innerWidth < 760 ? Math.min(2, shown.length) : shown.length <= 3 ? shown.length : shown.length === 4 ? 2 : 3;
  }

  function fitAll() {
    const box = panes[0].pane.getBoundingClientRect();
    const room = Math.min(box.width, box.height - 32) / (longest * (repeat ? 3 : 1));
    view = { zoom: room * dots >= 1 ? Math.max(1, Math.floor(room * dots * 0.95)) / dots : room * 0.95, x: 0, y: 0 };
    paint();
  }

  // Zoom so that the place under the pointer (from the middle of its pane) stays where it is.
  function zoomTo(zoom, at = { x: 0, y: 0 }) {
    const next = Math.min(MOST_ZOOM / dots, Math.max(LEAST_ZOOM / dots, zoom));
    const factor = next / view.zoom;
    view = { zoom: next, x: at.x - (at.x - view.x) * factor, y: at.y - (at.y - view.y) * factor };
    paint();
  }

  function middle(event) {
    const box = event.target.closest(".gf-compare-pane")?.getBoundingClientRect();
    return box ? { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 } : { x: 0, y: 0 };
  }

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.zoom * (event.deltaY < 0 ? 1.25 : 0.8), middle(event));
  }, { passive: false });
  const pointers = new Map();
  stage.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
    const pane = event.target.closest(".gf-compare-pane");
    if (pane) pane.focus({ preventScroll: true });
  });
  stage.addEventListener("pointermove", (event) => {
    if (mode === "hover") dialog.classList.toggle("gf-second", event.clientX > window.innerWidth / 2);
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (pointers.size === 2) {
      const other = [...pointers.values()].find((item) => item.pointerId !== event.pointerId);
      const spread = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      zoomTo(view.zoom * (spread(event, other) / Math.max(1, spread(before, other))));
    } else {
      view.x += event.clientX - before.clientX;
      view.y += event.clientY - before.clientY;
      paint();
    }
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => pointers.delete(event.pointerId));

  async function mark(state) {
    if (!review) return;
    const { asset } = panes[active];
    await decide([asset], state);
    paint();
  }

  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.target.matches("select, input[type=range], input[type=color]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = event.shiftKey ? 8 : 48;
    const moves = { ArrowLeft: [pan, 0], ArrowRight: [-pan, 0], ArrowUp: [0, pan], ArrowDown: [0, -pan] };
    const digit = /^Digit([1-9])$/.exec(event.code);
    if (event.key in moves) {
      view.x += moves[event.key][0];
      view.y += moves[event.key][1];
      paint();
    } else if (event.key === "+" || event.key === "=") zoomTo(view.zoom * 1.25);
    else if (event.key === "-") zoomTo(view.zoom * 0.8);
    else if (event.key === "0") fitAll();
    else if (event.key === "z") zoomTo(1 / dots);
    else if (event.key === "t") repeatButton.click();
    else if (event.key === "b") setGround(Object.keys(GROUNDS)[(Object.keys(GROUNDS).indexOf(ground) + 1) % 3]);
    else if (event.key === "s" && modes.length) setMode({ side: "slider", slider: "hover", hover: "side" }[mode]);
    else if (event.key === " " && mode === "hover") dialog.classList.toggle("gf-second");
    else if (event.key === "p") mark("approved");
    else if (event.key === "x") mark("rejected");
    else if (event.key === "n") mark("new");
    else if (digit && panes[digit[1] - 1]) panes[digit[1] - 1].pane.focus();
    else if (event.key !== "c") return;
    else dialog.close();
    event.preventDefault();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  activate(0);
  paint();
  fitAll();
}
