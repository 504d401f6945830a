// The header: name, which models answer and paint, the connection, light or dark, help.

import { api } from "./api.js";
import { button, h } from "./dom.js";
import { showHelp } from "./keys.js";
import { store } from "./store.js";

const EVERY = 15_000; // ms
const SAVED = "gameforge-theme";

export function mountHeader(element) {
  const models = h("div", { className: "gf-models", role: "status" }, "…");
  const away = h("span", { className: "gf-away", role: "alert", hidden: true }, "Not connected. Trying again …");
  element.replaceChildren(
    button("☰", "Conversations", () => document.body.classList.toggle("gf-rail-open"), "gf-icon gf-menu"),
    h("span", { className: "gf-brand" }, h("img", { src: "/ui/icon.svg", alt: "", width: 20, height: 20 }), "GameForge"),
    away, models,
    button("◐", "Light or dark", toggleTheme, "gf-icon"),
    button("?", "Keyboard and help (?)", showHelp, "gf-icon"),
  );

  async function load() {
    if (!element.isConnected) return;
    try {
      const found = await api("models");
      show(found);
    } catch (error) {
      models.textContent = "";
      models.title = error.message;
    }
  }

  function show({ image, language }) {
    const device = image.device === "cpu" ? "CPU" : image.device;
    models.replaceChildren(
      h("span", { title: "answers" }, language),
      h("span", { className: image.ready ? "" : "gf-error", title: image.ready ? `paints; ${image.license}` : image.reason }, image.name),
      h("span", { className: "gf-device", title: "device" }, device),
    );
    note(image);
  }

  store.addEventListener("connection", () => {
    away.hidden = store.connected;
    if (store.connected) load();
  });
  setInterval(load, EVERY);
  load();
}

// One line under the header about the image model, when there is something to know.
function note(image) {
  const text = !image.ready
    ? image.reason
    : image.small
      ? "Small built-in model that starts from example pictures: for finished art point GAMEFORGE_IMAGE_MODEL at SDXL."
      : "";
  let line = document.querySelector(".gf-model-note");
  const dismissed = sessionStorage.getItem("gameforge-note") === text;
  if (!text || dismissed) {
    line?.remove();
    return;
  }
  if (!line) {
    line = h("div", { className: "gf-model-note" });
    document.querySelector("#gf-notice")?.before(line);
  }
  if (line.dataset.text === text) return;
  line.dataset.text = text;
  line.replaceChildren(h("span", {}, text), button("×", "Hide", () => {
    sessionStorage.setItem("gameforge-note", text);
    line.remove();
  }, "gf-icon"));
}

export function restoreTheme() {
  const saved = localStorage.getItem(SAVED);
  if (saved) document.body.classList.toggle("dark", saved === "dark");
}

function toggleTheme() {
  const dark = document.body.classList.toggle("dark");
  localStorage.setItem(SAVED, dark ? "dark" : "light");
}
