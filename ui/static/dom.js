// Small helpers. Text only ever enters the page as text nodes, so nothing that a user or a model wrote becomes HTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(label, title, onclick, className = "gf-button") {
  const named = className.includes("gf-icon") ? { "aria-label": title } : {}; // a sign alone says nothing
  return h("button", { type: "button", className, title, onclick, ...named }, label);
}

export function duration(seconds) {
  if (seconds < 1.5) return "1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

export function when(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  return today
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { month: "short", day: "numeric" });
}

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// ------------------------------------------------------------ messages at the edge of the page

export function toast(text, { action = null, seconds = 6, onexpire = null } = {}) {
  let shelf = document.querySelector(".gf-toasts");
  if (!shelf) document.body.append((shelf = h("div", { className: "gf-toasts", role: "status" })));
  const words = h("span", {}, text);
  const note = h("div", { className: "gf-toast" }, words);
  const timer = setTimeout(() => finish(onexpire), seconds * 1000);
  function finish(then) {
    clearTimeout(timer);
    note.remove();
    then?.();
  }
  if (action) note.append(button(action.label, null, () => finish(action.run), "gf-link"));
  note.append(button("×", "Close", () => finish(onexpire), "gf-icon"));
  shelf.append(note);
  return { expire: () => finish(onexpire), say: (now) => (words.textContent = now) };
}

// ------------------------------------------------------------ pictures

const PIXEL_ART = 160; // px; smaller pictures are scaled by whole numbers, without smoothing

// Size of a picture in a square of `room` px: whole multiples (of the screen's own pixels) for sprites, never stretched.
export function fit(width, height, room) {
  const longest = Math.max(width, height, 1);
  if (longest <= room) {
    const dots = window.devicePixelRatio || 1;
    const scale = longest <= PIXEL_ART ? Math.floor((room * dots) / longest) / dots : 1;
    return { width: width * scale, height: height * scale, pixelated: longest <= PIXEL_ART };
  }
  const scale = room / longest;
  return { width: Math.round(width * scale), height: Math.round(height * scale), pixelated: false };
}

export function place(image, asset, room) {
  const size = fit(asset.width, asset.height, room);
  image.style.width = `${size.width}px`;
  image.style.height = `${size.height}px`;
  image.classList.toggle("gf-pixelated", size.pixelated);
}
