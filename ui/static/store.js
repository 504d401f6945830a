// All jobs that the page shows, kept current by one WebSocket. The socket is opened before anything is read, and what it
// says while a job is being read is applied afterwards, so nothing is missed and nothing depends on the order.

import { api } from "./api.js";

const RETRY_FIRST = 500; // ms
const RETRY_LAST = 8000;
const OPEN = new Set(["queued", "running"]);
const ENDED = { job_done: "done", job_failed: "failed", job_canceled: "canceled" };

class Store extends EventTarget {
  jobs = new Map(); // id -> { job, tasks }
  loading = new Map(); // id -> { promise, missed: [events] }
  connected = false;
  retry = RETRY_FIRST;

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/events`);
    socket.onopen = () => {
      this.connected = true;
      this.retry = RETRY_FIRST;
      for (const id of this.jobs.keys()) this.load(id);
      this.tell("connection");
    };
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (event.kind !== "heartbeat") this.receive(event);
    };
    socket.onclose = () => {
      this.connected = false;
      this.tell("connection");
      setTimeout(() => this.connect(), this.retry);
      this.retry = Math.min(RETRY_LAST, this.retry * 2);
    };
  }

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  isOpen(job) {
    return OPEN.has(job.state);
  }

  // Read a job whole; several callers share one request.
  load(id) {
    const running = this.loading.get(id);
    if (running) return running.promise;
    const entry = { missed: [] };
    entry.promise = api(`jobs/${id}`)
      .then((found) => {
        this.jobs.set(id, { job: found.job, tasks: found.tasks, steps: new Map(), at: Date.now() });
        entry.missed.forEach((event) => this.apply(event));
        this.tell(`job-${id}`, { whole: true });
        this.tell("jobs");
        return this.jobs.get(id);
      })
      .finally(() => this.loading.delete(id));
    this.loading.set(id, entry);
    return entry.promise;
  }

  // After a turn: words such as "approve 1 and 3" may have changed what is shown.
  refresh() {
    for (const id of this.jobs.keys()) this.load(id).catch(() => {});
  }

  // All get the state, or none: when somebody else changed one of them meanwhile, the server refuses.
  async decide(assets, state, who) {
    const states = Object.fromEntries(assets.map((asset) => [asset.id, state]));
    const expected = Object.fromEntries(assets.map((asset) => [asset.id, asset.revision]));
    try {
      const now = await api("assets/review", { method: "POST", body: { states, expected, who } });
      const byId = new Map(now.map((asset) => [asset.id, asset]));
      for (const asset of assets) Object.assign(asset, { state: byId.get(asset.id).state, revision: byId.get(asset.id).revision });
      this.changed(now);
    } catch (error) {
      await Promise.all(assets.map((asset) => this.reload(asset).catch(() => {})));
      throw error;
    }
    return true;
  }

  async reload(asset) {
    const now = await api(`assets/${asset.id}`);
    Object.assign(asset, now);
    this.changed([now]);
    return asset;
  }

  // Assets are another way now (decided here or by somebody else): everything that shows them follows.
  changed(assets) {
    const byId = new Map(assets.map((asset) => [asset.id, asset]));
    for (const { job, tasks } of this.jobs.values()) {
      const seen = tasks.filter((task) => task.asset && byId.has(task.asset.id));
      for (const { asset } of seen) {
        const now = byId.get(asset.id);
        asset.state = !now.version || now.version === asset.version ? now.state : "superseded";
        asset.revision = now.revision ?? asset.revision;
      }
      if (seen.length) this.tell(`job-${job.id}`, { tasks: seen.map((task) => task.id) });
    }
    this.tell("assets", { assets });
  }

  receive(event) {
    if (event.kind === "assets_changed") {
      this.changed(event.data.assets);
      return;
    }
    this.loading.get(event.job_id)?.missed.push(event);
    const known = this.jobs.get(event.job_id);
    if (event.kind === "job_queued") {
      if (known) this.load(event.job_id); // tasks were put back into the queue
      this.tell("new-job", { id: event.job_id });
    }
    if (!known) {
      if (event.kind !== "task_progress") this.tell("jobs");
      return;
    }
    this.apply(event);
    this.tell(`job-${event.job_id}`, { tasks: event.data.task_ids ?? [event.task_id] });
    if (event.kind !== "task_progress") this.tell("jobs");
  }

  apply(event) {
    const entry = this.jobs.get(event.job_id);
    if (!entry) return;
    const { job } = entry;
    for (const name of ["total", "done", "failed", "canceled", "running"]) {
      if (name in event.data) job[name] = event.data[name];
    }
    if (event.kind === "job_queued") job.state = "queued";
    if (event.kind === "job_started") {
      job.state = "running";
      job.started_at ??= event.at;
    }
    if (event.kind in ENDED) {
      job.state = ENDED[event.kind];
      job.finished_at = event.at;
      job.error = event.data.error ?? null;
    }
    if (event.kind === "task_progress") {
      for (const id of event.data.task_ids) entry.steps.set(id, event.data);
      return;
    }
    const task = event.task_id ? entry.tasks.find((item) => item.id === event.task_id) : null;
    if (!task) return;
    if (event.kind === "task_started") task.state = "running";
    if (event.kind === "task_failed") Object.assign(task, { state: "failed", error: event.data.error });
    if (event.kind === "task_canceled") task.state = "canceled";
    if (event.kind === "task_done") Object.assign(task, { state: "done", asset: event.data.asset ?? null });
  }

  // Seconds left, from the speed of this job so far; before the first image, what the server expects.
  secondsLeft({ job, at }) {
    if (!this.isOpen(job)) return null;
    const left = job.total - job.done - job.failed - job.canceled;
    if (job.done > 0 && job.started_at) {
      const spent = Date.now() / 1000 - job.started_at;
      return Math.max(0, (spent / (job.done + job.failed)) * left);
    }
    return job.seconds_left === null ? null : Math.max(0, job.seconds_left - (Date.now() - at) / 1000);
  }
}

export const store = new Store();
