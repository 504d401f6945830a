// The right rail: what runs now, what waits, and how long it will take.

import { api, attempt } from "./api.js";
import { button, duration, h } from "./dom.js";
import { store } from "./store.js";

const EVERY = 1000; // ms between repaints of the times

export function mountNow(element) {
  let jobs = [];
  let asked = null;

  async function reload() {
    asked = null;
    if (!element.isConnected) return;
    try {
      jobs = await api("jobs?active=true&limit=50");
    } catch {
      return; // the header says that the server is away
    }
    jobs.forEach((job) => store.jobs.has(job.id) || store.load(job.id).catch(() => {}));
    render();
  }

  // Many images may finish at once: ask again at most four times a second.
  const soon = () => (asked ??= setTimeout(reload, 250));

  function render() {
    const current = jobs.map((job) => store.jobs.get(job.id)?.job ?? job).filter((job) => store.isOpen(job));
    const running = current.filter((job) => job.state === "running");
    const queued = current.filter((job) => job.state === "queued").reverse();
    element.replaceChildren(...[
      h("h2", {}, "Now running"),
      running.length ? h("div", {}, running.map(card)) : h("p", { className: "gf-muted" }, "Nothing. Ask for something in the chat."),
      queued.length > 0 && h("h2", {}, "Queue"),
      queued.length > 0 && h("div", {}, queued.map(card)),
      current.length > 1 && button("Stop all", "Stop every running and waiting job; finished images stay",
        () => attempt(() => api("jobs/cancel", { method: "POST" }))),
    ].filter(Boolean));
    document.body.classList.toggle("gf-working", running.length > 0);
  }

  function card(job) {
    const entry = store.jobs.get(job.id);
    const left = entry ? store.secondsLeft(entry) : job.seconds_left;
    return h("div", { className: "gf-card" },
      h("div", { className: "gf-card-title", title: job.title }, job.title),
      h("progress", { className: "gf-bar", max: job.total, value: job.done + job.failed + job.canceled }),
      h("div", { className: "gf-card-foot" },
        h("span", {}, `${job.done}/${job.total}`),
        h("span", { className: "gf-muted" }, left === null || left === undefined ? "" : `${duration(left)} left`),
        button("×", `Stop "${job.title}"`, () => attempt(() => api(`jobs/${job.id}/cancel`, { method: "POST" })), "gf-icon")));
  }

  store.addEventListener("jobs", soon);
  store.addEventListener("new-job", soon);
  store.addEventListener("connection", soon);
  setInterval(() => jobs.length && element.isConnected && render(), EVERY);
  reload();
}
