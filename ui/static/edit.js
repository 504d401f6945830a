// Edit part of a picture: paint a mask over it (or take one from a file), say what should be there. The rest stays.

import { attempt, upload } from "./api.js";
import { follow } from "./decide.js";
import { button, fit, h } from "./dom.js";

const TINT = "rgb(232 62 96 / 55%)";
const WORDS = ["erase", "darker", "brighter", "red", "blue"];

export function openEdit(asset) {
  const room = Math.max(128, Math.min(window.innerWidth - 136, window.innerHeight - 480, 512));
  const size = fit(asset.width, asset.height, room);
  const scale = size.width / asset.width;
  const mask = h("canvas", { width: asset.width, height: asset.height, className: "gf-edit-mask", "aria-label": "Mask: paint over what should change", tabIndex: 0 });
  const picture = h("img", { src: asset.url, alt: asset.subject, draggable: false });
  for (const layer of [mask, picture]) Object.assign(layer.style, { width: `${size.width}px`, height: `${size.height}px` });
  picture.classList.toggle("gf-pixelated", size.pixelated);
  const paper = mask.getContext("2d", { willReadFrequently: true });
  const before = []; // one snapshot a stroke
  const radius = h("input", { type: "range", min: 1, max: Math.max(4, Math.round(Math.max(asset.width, asset.height) / 4)), value: Math.max(2, Math.round(Math.max(asset.width, asset.height) / 12)), "aria-label": "Brush size in pixels" });
  const words = h("input", { type: "text", required: true, maxLength: 500, placeholder: "a red gem, or: erase", "aria-label": "What should be there" });
  const variants = h("input", { type: "number", min: 1, max: 8, value: 1, "aria-label": "How many versions" });
  const error = h("p", { className: "gf-error", role: "alert", hidden: true });
  let erasing = false;
  let last = null;

  const tools = [["Paint", false], ["Rub out", true]].map(([label, value]) => button(label, null, () => choose(value)));
  const choose = (value) => {
    erasing = value;
    tools.forEach((tool, index) => tool.setAttribute("aria-pressed", String(Boolean(index) === value)));
  };
  const file = h("input", { type: "file", accept: "image/*", hidden: true, onchange: takeFile });

  const place = (event) => {
    const box = mask.getBoundingClientRect();
    return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale };
  };
  const keep = () => before.push(paper.getImageData(0, 0, mask.width, mask.height)) > 40 && before.shift();

  // Whole pixels, as pixel art needs: no half-transparent rim.
  function dab({ x, y }) {
    const reach = Number(radius.value) / 2;
    paper.globalCompositeOperation = erasing ? "destination-out" : "source-over";
    paper.fillStyle = erasing ? "#000" : TINT;
    for (let row = Math.floor(y - reach); row <= y + reach; row += 1) {
      for (let column = Math.floor(x - reach); column <= x + reach; column += 1) {
        if ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 > Math.max(0.5, reach) ** 2) continue;
        if (!erasing) paper.clearRect(column, row, 1, 1); // twice the same pixel gets no darker
        paper.fillRect(column, row, 1, 1);
      }
    }
  }

  function stroke(to) {
    const steps = last ? Math.ceil(Math.hypot(to.x - last.x, to.y - last.y)) : 0;
    for (let step = 1; step <= steps; step += 1) dab({ x: last.x + ((to.x - last.x) * step) / steps, y: last.y + ((to.y - last.y) * step) / steps });
    if (!steps) dab(to);
    last = to;
  }

  mask.addEventListener("pointerdown", (event) => {
    mask.setPointerCapture(event.pointerId);
    tell("");
    keep();
    last = null;
    stroke(place(event));
    event.preventDefault();
  });
  mask.addEventListener("pointermove", (event) => event.buttons && last && stroke(place(event)));
  mask.addEventListener("pointerup", () => (last = null));

  const back = () => {
    const state = before.pop();
    if (state) paper.putImageData(state, 0, 0);
  };
  const fill = () => {
    keep();
    paper.globalCompositeOperation = "source-over";
    paper.clearRect(0, 0, mask.width, mask.height);
    paper.fillStyle = TINT;
    paper.fillRect(0, 0, mask.width, mask.height);
  };
  const clear = () => (keep(), paper.clearRect(0, 0, mask.width, mask.height));

  async function takeFile() {
    const chosen = file.files[0];
    file.value = "";
    if (!chosen) return;
    const image = await createImageBitmap(chosen).catch(() => null);
    if (!image) return tell("This file cannot be read as an image.");
    keep();
    const sheet = new OffscreenCanvas(mask.width, mask.height).getContext("2d");
    sheet.imageSmoothingEnabled = false;
    sheet.drawImage(image, 0, 0, mask.width, mask.height);
    const { data } = sheet.getImageData(0, 0, mask.width, mask.height);
    let clearest = 255;
    for (let at = 3; at < data.length; at += 4) clearest = Math.min(clearest, data[at]);
    paper.globalCompositeOperation = "source-over";
    paper.clearRect(0, 0, mask.width, mask.height);
    paper.fillStyle = TINT;
    for (let at = 0; at < data.length; at += 4) {
      const chosenPixel = clearest < 128 ? data[at + 3] >= 128 : 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2] >= 128;
      if (chosenPixel) paper.fillRect((at / 4) % mask.width, Math.floor(at / 4 / mask.width), 1, 1);
    }
  }

  function tell(text) {
    error.textContent = text;
    error.hidden = !text;
  }

  // White on black, as every tool reads masks.
  function exported() {
    const sheet = h("canvas", { width: mask.width, height: mask.height });
    const target = sheet.getContext("2d");
    const source = paper.getImageData(0, 0, mask.width, mask.height);
    let any = false;
    for (let at = 0; at < source.data.length; at += 4) {
      const on = source.data[at + 3] > 0;
      any ||= on;
      source.data.fill(on ? 255 : 0, at, at + 3);
      source.data[at + 3] = 255;
    }
    if (!any) return null;
    target.putImageData(source, 0, 0);
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }

  async function start(text) {
    tell("");
    const change = text.trim();
    if (!change) return words.focus();
    const blob = await exported();
    if (!blob) return tell("Paint over what should change first.");
    const form = new FormData();
    form.append("mask", blob, "mask.png");
    form.append("change", change);
    form.append("variants", String(Math.max(1, Number(variants.value) || 1)));
    const made = await attempt(() => upload(`assets/${asset.id}/edit`, form));
    if (!made) return undefined;
    dialog.close();
    return follow(made.job, `Editing ${asset.number}. ${asset.subject}`, made.note);
  }

  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    start(words.value);
  } },
    h("h2", {}, `Edit part of ${asset.number}. ${asset.subject}`),
    h("div", { className: "gf-edit-stage gf-checker" }, h("div", { className: "gf-edit-layers" }, picture, mask)),
    h("div", { className: "gf-edit-tools" }, tools, h("label", { className: "gf-inline" }, h("span", {}, "Brush"), radius),
      button("Undo", "Take the last stroke back (Ctrl+Z)", back), button("All", "Everything may change", fill), button("Clear", "Empty the mask", clear),
      button("From a file", "White is what may change", () => file.click()), file),
    h("label", {}, h("span", {}, "What should be there"), words),
    h("div", { className: "gf-chips" }, WORDS.map((text) => button(text, null, () => start(text), "gf-button gf-chip"))),
    h("label", { className: "gf-inline" }, h("span", {}, "Versions"), variants),
    h("p", { className: "gf-muted" }, "Only what is painted over changes; every other pixel stays as it is. The old version stays, too."),
    error,
    h("div", { className: "gf-actions" }, h("button", { type: "submit", className: "gf-button gf-primary" }, "Edit"), button("Cancel", null, () => dialog.close())));
  const dialog = h("dialog", { className: "gf-help gf-redo gf-edit", "aria-label": "Edit part" }, form);
  dialog.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && event.target !== words) {
      event.preventDefault();
      back();
    }
    event.stopPropagation();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  choose(false);
  dialog.showModal();
}
