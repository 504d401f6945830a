// The left rail: conversations to open, rename and delete (with an undo), and a new one.

import { api, attempt } from "./api.js";
import { button, h, toast, when } from "./dom.js";

const UNDO_SECONDS = 7;

export const conversations = {
  element: null,
  current: null,
  list: [],
  leaving: new Map(), // id -> toast of a deletion that can still be undone

  mount(element) {
    this.element = element;
    this.refresh();
    addEventListener("pagehide", () => [...this.leaving.values()].forEach((note) => note.expire()));
  },

  async refresh() {
    const list = await attempt(() => api("conversations"));
    if (list) this.list = list;
    this.render();
  },

  open(id) {
    document.body.classList.remove("gf-rail-open");
    window.gameforgeBridge("choose", { id });
    this.mark(id);
  },

  // Gradio shows this conversation now.
  opened(id) {
    this.mark(id);
    this.refresh();
  },

  mark(id) {
    this.current = id ?? null;
    const address = new URL(location.href);
    address.searchParams.set("c", id ?? "new");
    history.replaceState(history.state, "", address);
    this.render();
  },

  render() {
    if (!this.element) return;
    const shown = this.list.filter((item) => !this.leaving.has(item.id));
    const fresh = button("+ New chat", "Start a new conversation", () => this.open(null), "gf-button gf-new");
    this.element.replaceChildren(fresh, h("ul", {}, shown.map((item) => this.row(item))));
  },

  row(item) {
    const active = item.id === this.current;
    const open = h("button", { type: "button", className: "gf-conversation", title: item.title, "aria-current": active ? "true" : null, onclick: () => this.open(item.id) },
      h("span", { className: "gf-title" }, item.title), h("time", {}, when(item.updated_at)));
    const row = h("li", { className: active ? "gf-active" : "" }, open,
      button("✎", `Rename "${item.title}"`, () => this.rename(item, row), "gf-icon"),
      button("✕", `Delete "${item.title}"`, () => this.remove(item), "gf-icon"));
    return row;
  },

  rename(item, row) {
    const input = h("input", { type: "text", value: item.title, maxLength: 200, "aria-label": "Title" });
    let done = false;
    const save = async (keep) => {
      if (done) return;
      done = true;
      const title = input.value.trim();
      if (keep && title && title !== item.title) await attempt(() => api(`conversations/${item.id}`, { method: "PATCH", body: { title } }));
      this.refresh();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") save(true);
      if (event.key === "Escape") save(false);
    });
    input.addEventListener("blur", () => save(true));
    row.replaceChildren(input);
    input.focus();
    input.select();
  },

  remove(item) {
    const note = toast(`Deleted "${item.title}". Its images stay in the library.`, {
      seconds: UNDO_SECONDS,
      action: { label: "Undo", run: () => { this.leaving.delete(item.id); this.render(); } },
      onexpire: () => {
        this.leaving.delete(item.id);
        this.list = this.list.filter((other) => other.id !== item.id);
        attempt(() => api(`conversations/${item.id}`, { method: "DELETE", keepalive: true }));
      },
    });
    this.leaving.set(item.id, note);
    if (item.id === this.current) this.open(null);
    else this.render();
  },
};
