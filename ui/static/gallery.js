// A job in the chat: its progress, one cell per image in its place, stop and retry. Fills as images finish.

import { api, attempt } from "./api.js";
import { button, duration, h, place, plural } from "./dom.js";
import { exportBatch } from "./export.js";
import { openLightbox } from "./lightbox.js";
import { framesOf, Player } from "./player.js";
import { store } from "./store.js";
import { TrainingView } from "./training.js";

const WORDS = { queued: "Waiting", running: "Running", done: "Done", failed: "Failed", canceled: "Stopped" };

export function mountJob(element, id) {
  element.replaceChildren(h("p", { className: "gf-status" }, "Loading the images …"));
  let view = null;
  const listener = ({ detail }) => {
    if (!element.isConnected) {
      store.removeEventListener(`job-${id}`, listener);
      view?.stop();
      return;
    }
    const entry = store.jobs.get(id);
    if (!entry) return;
    if (!view || view.cells.length !== entry.tasks.length) {
      view?.stop();
      view = entry.job.kind === "train" ? new TrainingView(element, entry) : new JobView(element, entry);
    }
    if (detail.whole) view.all();
    else view.update(detail.tasks);
  };
  store.addEventListener(`job-${id}`, listener);
  if (store.jobs.has(id)) listener({ detail: { whole: true } });
  else store.load(id).catch((error) => element.replaceChildren(h("p", { className: "gf-error" }, error.message)));
}

class JobView {
  constructor(element, entry) {
    this.entry = entry;
    this.element = element;
    const { job, tasks } = entry;
    this.count = h("span", { className: "gf-count", role: "status" });
    this.left = h("span", { className: "gf-left" });
    this.bar = h("progress", { className: "gf-bar", max: job.total, value: job.done });
    this.stopButton = button("Stop", "Stop this batch; finished images stay", () =>
      attempt(() => api(`jobs/${job.id}/cancel`, { method: "POST" })), "gf-button gf-stop");
    this.retryButton = button("Retry", "Run the failed and stopped ones again", () =>
      attempt(() => api(`jobs/${job.id}/retry`, { method: "POST" })), "gf-button gf-retry");
    this.exportButton = button("Export", "For a game engine, or as single files", () => this.export());
    this.player = new Player();
    this.error = h("p", { className: "gf-error", hidden: true });
    this.cells = tasks.map((task) => this.cell(task));
    this.byTask = new Map(tasks.map((task, index) => [task.id, index]));
    this.grid = h("div", { className: "gf-gallery" }, this.cells);
    element.replaceChildren(
      h("div", { className: "gf-job-head" }, this.count, this.bar, this.left, this.retryButton, this.exportButton, this.stopButton),
      this.error,
      this.grid,
      this.player.element,
    );
    this.resized = new ResizeObserver(() => this.scale());
    this.resized.observe(this.grid);
    this.clock = setInterval(() => this.head(), 1000);
  }

  export() {
    exportBatch(this.entry.tasks.map((task) => task.asset).filter(Boolean));
  }

  stop() {
    this.resized.disconnect();
    clearInterval(this.clock);
  }

  cell(task) {
    return h("div", { className: "gf-cell", tabIndex: -1 }, h("span", { className: "gf-number" }, String(task.number)));
  }

  all() {
    this.entry = store.jobs.get(this.entry.job.id);
    this.entry.tasks.forEach((task, index) => this.paint(task, this.cells[index], false));
    this.head();
  }

  update(taskIds) {
    for (const id of taskIds) {
      const index = this.byTask.get(id);
      if (index !== undefined) this.paint(this.entry.tasks[index], this.cells[index], true);
    }
    this.head();
  }

  paint(task, cell, live) {
    const state = task.state === "done" && !task.asset ? "queued" : task.state;
    if (task.asset) cell.dataset.review = task.asset.state;
    if (cell.dataset.state === state && state !== "running") return;
    const changed = cell.dataset.state !== state;
    cell.dataset.state = state;
    cell.title = `${task.number}: ${task.label}`;
    const number = cell.querySelector(".gf-number");
    if (state === "done") {
      cell.replaceChildren(this.picture(task, live), number);
    } else if (state === "failed") {
      cell.title = `${cell.title}\n${task.error ?? ""}`;
      cell.replaceChildren(h("span", { className: "gf-cell-word" }, "failed"), number);
    } else if (state === "canceled") {
      cell.replaceChildren(h("span", { className: "gf-cell-word" }, "stopped"), number);
    } else {
      if (changed) cell.replaceChildren(number, this.stopOne(task));
      const step = this.entry.steps.get(task.id);
      if (state === "running" && step?.steps) cell.style.setProperty("--gf-step", `${(100 * step.step) / step.steps}%`);
    }
  }

  picture(task, live) {
    const image = h("img", { alt: task.label, draggable: false, decoding: "async" });
    if (live) image.classList.add("gf-fade");
    place(image, task.asset, this.room());
    image.src = task.asset.url;
    const open = () => openLightbox(this.entry.tasks.filter((item) => item.asset).map((item) => item.asset), task.asset.id);
    return h("button", { type: "button", className: "gf-picture", "aria-label": `Open ${task.number}: ${task.label}`, onclick: open }, image);
  }

  stopOne(task) {
    return button("×", `Stop number ${task.number} only`, () =>
      attempt(() => api(`tasks/${task.id}/cancel`, { method: "POST" })), "gf-icon gf-stop-one");
  }

  room() {
    return Math.max(32, (this.cells[0]?.clientWidth || 112) - 8);
  }

  scale() {
    const room = this.room();
    this.entry.tasks.forEach((task, index) => {
      const image = task.asset && this.cells[index].querySelector("img");
      if (image) place(image, task.asset, room);
    });
  }

  head() {
    const { job } = this.entry;
    if (job.kind === "animate") this.player.show(framesOf(this.entry.tasks.map((task) => task.asset).filter(Boolean)));
    const open = store.isOpen(job);
    const extra = [job.failed && `${job.failed} failed`, job.canceled && `${job.canceled} stopped`].filter(Boolean);
    const took = job.finished_at && job.started_at ? ` ${job.state === "done" ? "in" : "after"} ${duration(job.finished_at - job.started_at)}` : "";
    this.element.dataset.state = job.state;
    this.count.textContent = open
      ? `${job.done}/${job.total}${extra.length ? `, ${extra.join(", ")}` : ""}`
      : `${WORDS[job.state]}${took}: ${job.done} of ${plural(job.total, "image")}${extra.length ? `, ${extra.join(", ")}` : ""}`;
    this.bar.value = job.done + job.failed + job.canceled;
    this.bar.max = job.total;
    this.bar.hidden = !open;
    const left = store.secondsLeft(this.entry);
    this.left.textContent = !open ? "" : job.state === "queued" ? "waiting for its turn" : left === null ? "" : `${duration(left)} left`;
    this.stopButton.hidden = !open;
    this.exportButton.hidden = job.done === 0;
    this.retryButton.hidden = open || job.failed + job.canceled === 0;
    this.retryButton.textContent = job.failed ? `Retry ${job.failed + job.canceled}` : `Run the rest (${job.canceled})`;
    this.error.hidden = !job.error;
    this.error.textContent = job.error ?? "";
  }
}
