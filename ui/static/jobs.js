// The Jobs page: everything that ran, runs or waits, with its errors; stop one or all, and retry.

import { api, attempt } from "./api.js";
import { button, duration, h, when } from "./dom.js";
import { store } from "./store.js";

const WORDS = { queued: "waiting", running: "running", done: "done", failed: "failed", canceled: "stopped" };
const PAGE = 50;

export function mountJobs(element) {
  let jobs = [];
  let more = false;
  let asked = null;
  const openErrors = new Map(); // job id -> failed tasks

  async function reload() {
    asked = null;
    if (!element.isConnected) return;
    const found = await attempt(() => api(`jobs?limit=${Math.max(PAGE, jobs.length)}`));
    if (!found) return;
    jobs = found;
    more = found.length >= PAGE;
    render();
  }

  const soon = () => (asked ??= setTimeout(reload, 300));

  async function older() {
    const found = await attempt(() => api(`jobs?limit=${PAGE}&before=${jobs.at(-1).id}`));
    if (!found) return;
    jobs = [...jobs, ...found];
    more = found.length === PAGE;
    render();
  }

  function render() {
    const open = jobs.filter((job) => store.isOpen(job));
    if (!jobs.length) {
      element.replaceChildren(h("p", { className: "gf-empty" }, "No jobs yet. Ask for images in the chat and they appear here."));
      return;
    }
    element.replaceChildren(...[
      h("div", { className: "gf-page-head" }, h("h2", {}, "Jobs"),
        h("span", { className: "gf-muted" }, open.length ? `${open.length} open` : "nothing runs"),
        open.length > 0 && button("Stop all", "Stop every running and waiting job; finished images stay", () =>
          attempt(() => api("jobs/cancel", { method: "POST" })))),
      h("ul", { className: "gf-job-list" }, jobs.map(row)),
      more && button("Older jobs", null, older),
    ].filter(Boolean));
  }

  function row(job) {
    const open = store.isOpen(job);
    const took = job.started_at && job.finished_at ? duration(job.finished_at - job.started_at) : "";
    const left = open && job.seconds_left !== null ? `${duration(job.seconds_left)} left` : "";
    const again = job.failed + job.canceled;
    return h("li", { "data-state": job.state },
      h("span", { className: "gf-state" }, WORDS[job.state]),
      h("div", { className: "gf-job-what" },
        h("strong", {}, job.title),
        h("span", { className: "gf-muted" }, `#${job.id} · ${when(job.created_at)} · ${job.done}/${job.total}${took && ` · ${took}`}${left && ` · ${left}`}`),
        job.error && h("span", { className: "gf-error" }, job.error),
        job.failed > 0 && errors(job)),
      job.conversation_id && button("Chat", "Open the conversation", () => window.gameforge.openConversation(job.conversation_id)),
      !open && again > 0 && button(`Retry ${again}`, "Run the failed and stopped ones again", () =>
        attempt(() => api(`jobs/${job.id}/retry`, { method: "POST" }))),
      open && button("Stop", "Finished images stay", () => attempt(() => api(`jobs/${job.id}/cancel`, { method: "POST" }))));
  }

  function errors(job) {
    const known = openErrors.get(job.id);
    const list = h("ul", {}, (known ?? []).map((task) => h("li", {}, `${task.index + 1}. ${task.label}: ${task.error}`)));
    return h("details", { open: Boolean(known), ontoggle: async (event) => {
      if (!event.target.open) { openErrors.delete(job.id); return; }
      if (openErrors.has(job.id)) return;
      const tasks = await attempt(() => api(`jobs/${job.id}/tasks`));
      if (tasks) { openErrors.set(job.id, tasks.filter((task) => task.state === "failed")); render(); }
    } }, h("summary", {}, `${job.failed} failed`), list);
  }

  store.addEventListener("jobs", soon);
  store.addEventListener("new-job", soon);
  reload();
}
