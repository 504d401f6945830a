// A training in the chat or on its page: loss curve, speed, samples beside the references, and what came of it.

import { api, attempt } from "./api.js";
import { button, duration, h, place } from "./dom.js";
import { store } from "./store.js";

const WIDTH = 480;
const HEIGHT = 120;
const SMOOTH = 0.9; // share that the drawn curve keeps of itself from step to step
const SVG = "http://www.w3.org/2000/svg";

export class TrainingView {
  constructor(element, entry) {
    this.element = element;
    this.entry = entry;
    this.cells = entry.tasks; // one task; the job card asks for their number
    this.told = null;
    this.asking = false;
    const { job } = entry;
    this.count = h("span", { className: "gf-count", role: "status" });
    this.left = h("span", { className: "gf-left" });
    this.bar = h("progress", { className: "gf-bar", max: 1, value: 0 });
    this.stopButton = button("Stop", "The last state is kept, and Retry goes on from it", () =>
      attempt(() => api(`jobs/${job.id}/cancel`, { method: "POST" })), "gf-button gf-stop");
    this.retryButton = button("Go on", "Go on from the last saved state", () =>
      attempt(() => api(`jobs/${job.id}/retry`, { method: "POST" })), "gf-button gf-retry");
    this.error = h("p", { className: "gf-error", hidden: true });
    this.facts = h("p", { className: "gf-muted gf-training-facts" });
    this.chart = h("div", { className: "gf-chart" });
    this.pictures = h("div", { className: "gf-training-pictures" });
    this.result = h("div", { className: "gf-training-result" });
    element.classList.add("gf-training");
    element.replaceChildren(
      h("div", { className: "gf-job-head" }, this.count, this.bar, this.left, this.retryButton, this.stopButton),
      this.error, this.result, this.chart, this.facts, this.pictures,
    );
    this.clock = setInterval(() => this.head(), 1000);
  }

  stop() {
    clearInterval(this.clock);
  }

  all() {
    this.entry = store.jobs.get(this.entry.job.id);
    this.read();
    this.head();
  }

  update(taskIds) {
    const event = this.entry.steps.get(taskIds[0]);
    const told = event?.training;
    if (this.told && told?.kind === "step" && event.step > (this.told.steps.at(-1)?.step ?? 0)) {
      this.told.steps.push({ step: event.step, ...told });
      this.draw();
    } else if (told?.kind === "phase" && this.told) {
      this.told.phase = told.text;
    } else if (!this.told || told?.kind === "sample" || !store.isOpen(this.entry.job)) {
      this.read();
    }
    this.head();
  }

  async read() {
    if (this.asking) return;
    this.asking = true;
    try {
      this.told = await api(`jobs/${this.entry.job.id}/training`);
    } catch (error) {
      this.facts.textContent = error.message;
      return;
    } finally {
      this.asking = false;
    }
    this.draw();
    this.samples();
    this.head();
    if (this.entry.job.state === "done") this.outcome();
  }

  head() {
    const { job } = this.entry;
    const open = store.isOpen(job);
    const last = this.told?.steps.at(-1);
    const steps = this.told?.settings.steps ?? 0;
    const name = this.told?.name ?? "style pack";
    const took = job.finished_at && job.started_at ? ` in ${duration(job.finished_at - job.started_at)}` : "";
    this.element.dataset.state = job.state;
    if (job.state === "done") this.count.textContent = `Style pack ${name} is ready${took}`;
    else if (job.state === "failed") this.count.textContent = `Training of ${name} failed`;
    else if (job.state === "canceled") this.count.textContent = `Training of ${name} stopped${last ? ` at step ${last.step} of ${steps}` : ""}`;
    else if (last && last.step < steps) this.count.textContent = `Training ${name}: step ${last.step} of ${steps}`;
    else this.count.textContent = job.state === "queued" ? `Training ${name}` : `${name}: ${this.told?.phase ?? "Starting"}`;
    this.bar.hidden = !open;
    this.bar.max = steps || 1;
    this.bar.value = last?.step ?? 0;
    this.left.textContent = !open ? "" : job.state === "queued" ? "waiting for its turn" : last && last.step < steps ? `about ${duration(last.seconds_left)} left` : "";
    this.stopButton.hidden = !open;
    this.retryButton.hidden = open || job.state === "done";
    this.error.hidden = !job.error;
    this.error.textContent = job.error ?? "";
    if (last) {
      this.facts.textContent = `loss ${smoothed(this.told.steps).at(-1).toFixed(4)} · learning rate ${last.lr.toExponential(1)} · ${last.images_per_second.toFixed(1)} images/s`;
    }
  }

  draw() {
    const { steps, settings } = this.told;
    if (steps.length < 2) {
      this.chart.replaceChildren();
      return;
    }
    const line = smoothed(steps);
    const top = Math.max(...line) * 1.1;
    const bottom = Math.min(...line) * 0.9;
    const x = (step) => (WIDTH * step) / settings.steps;
    const y = (loss) => HEIGHT - (HEIGHT * (loss - bottom)) / Math.max(1e-9, top - bottom);
    const path = line.map((loss, i) => `${i ? "L" : "M"}${x(steps[i].step).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
    const marks = this.told.samples.filter((sample) => sample.step).map((sample) => svg("line", { x1: x(sample.step), x2: x(sample.step), y1: 0, y2: HEIGHT, class: "gf-chart-mark" }));
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none",
      "aria-label": `Loss from ${line[0].toFixed(3)} to ${line.at(-1).toFixed(3)} in ${steps.at(-1).step} steps` },
      ...marks, svg("path", { d: path, class: "gf-chart-line" }));
    this.chart.replaceChildren(picture,
      h("span", { className: "gf-chart-top" }, top.toFixed(3)), h("span", { className: "gf-chart-bottom" }, bottom.toFixed(3)),
      h("span", { className: "gf-chart-end" }, `${settings.steps} steps`));
  }

  samples() {
    const { references, samples } = this.told;
    const rows = [h("div", { className: "gf-strip" }, h("span", { className: "gf-strip-name" }, "References"),
      references.slice(0, 12).map((reference) => thumbnail(reference.url, reference.caption)))];
    for (const sample of samples) {
      const name = sample.step ? `Step ${sample.step}` : "Before";
      rows.push(h("div", { className: "gf-strip" }, h("span", { className: "gf-strip-name" }, name),
        sample.urls.map((url, i) => thumbnail(url, `${sample.prompts[i]}, seed ${sample.seed}`))));
    }
    this.pictures.replaceChildren(...rows);
  }

  async outcome() {
    const packs = await api("style-packs").catch(() => []);
    const found = packs.map((pack) => ({ pack, version: pack.versions.find((item) => item.job_id === this.entry.job.id) })).find((item) => item.version);
    if (!found) return;
    this.result.replaceChildren(verdict(found.version), comparison(found.version),
      h("p", { className: "gf-muted" }, `Use it: “8 props in ${found.pack.name} style”.`));
  }
}

export function verdict(version) {
  const { metrics } = version;
  if (!metrics.sentence) return h("p", { className: "gf-muted" }, "Imported; not checked against references.");
  return h("p", { className: `gf-verdict gf-verdict-${metrics.verdict.replace(" ", "-")}` }, metrics.sentence);
}

// Without and with the pack, side by side: same subjects, same seeds.
export function comparison(version) {
  const pairs = version.files.comparison ?? [];
  if (!pairs.length) return null;
  const row = (name, kind) => h("div", { className: "gf-strip" }, h("span", { className: "gf-strip-name" }, name),
    pairs.map((pair) => thumbnail(pair[kind], `${pair.subject}, ${name.toLowerCase()}`)));
  return h("div", { className: "gf-comparison" }, row("Without", "without"), row("With", "with"));
}

export function thumbnail(url, label) {
  const image = h("img", { alt: label, title: label, loading: "lazy", decoding: "async" });
  image.onload = () => place(image, { width: image.naturalWidth, height: image.naturalHeight }, 64);
  image.src = url;
  return h("span", { className: "gf-thumb gf-checker" }, image);
}

function smoothed(steps) {
  const out = [];
  let value = null;
  let share = 0; // bias correction, as in Adam: the first steps are an average of what there is
  for (const { loss } of steps) {
    value = SMOOTH * (value ?? 0) + (1 - SMOOTH) * loss;
    share = SMOOTH * share + (1 - SMOOTH);
    out.push(value / share);
  }
  return out;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
