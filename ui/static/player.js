// Plays the frames of an animation: at its own speed, at any other, one by one.

import { button, fit, h } from "./dom.js";

const ROOM = 192; // px

// Whether these assets are frames of one animation; then they are it, in their order.
export function framesOf(assets) {
  const tag = assets[0]?.metadata?.animation?.tag;
  if (!tag || assets.length < 2 || !assets.every((asset) => asset.metadata?.animation?.tag === tag)) return [];
  return [...assets].sort((a, b) => a.metadata.animation.frame - b.metadata.animation.frame);
}

export class Player {
  constructor() {
    this.canvas = h("canvas", { role: "img" });
    this.toggle = button("Pause", "Play or pause", () => this.play(!this.playing));
    this.rate = h("input", { type: "range", min: 1, max: 30, step: 1, "aria-label": "Frames per second", oninput: () => this.paint() });
    this.shown = h("output", {});
    this.step = [["‹", -1, "Frame before"], ["›", 1, "Next frame"]].map(([sign, by, title]) => button(sign, title, () => {
      this.play(false);
      this.go(by);
    }, "gf-icon"));
    this.element = h("div", { className: "gf-player", hidden: true },
      h("div", { className: "gf-player-stage gf-checker" }, this.canvas), this.step[0], this.toggle, this.step[1], this.rate, this.shown);
    this.at = 0;
    this.frames = [];
    this.playing = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.toggle.textContent = this.playing ? "Pause" : "Play";
  }

  // Shows these frames; the same ones again change nothing.
  show(frames) {
    this.element.hidden = frames.length < 2;
    const key = frames.map((frame) => frame.version).join();
    if (key === this.key) return;
    this.key = key;
    if (frames.length < 2) return;
    if (!this.frames.length) this.rate.value = Math.round(frames[0].metadata.animation.fps);
    this.frames = frames.map((frame) => {
      const image = new Image();
      image.src = frame.url;
      return image;
    });
    const { width, height } = frames[0];
    const size = fit(width, height, ROOM);
    Object.assign(this.canvas, { width, height });
    Object.assign(this.canvas.style, { width: `${size.width}px`, height: `${size.height}px` });
    this.canvas.setAttribute("aria-label", `${frames[0].metadata.animation.tag}, ${frames.length} frames`);
    this.frames[0].decode().then(() => this.paint(), () => {});
    this.tick ??= requestAnimationFrame((now) => this.run(now));
  }

  play(on) {
    this.playing = on;
    this.toggle.textContent = on ? "Pause" : "Play";
  }

  go(by) {
    this.at = (this.at + by + this.frames.length) % this.frames.length;
    this.paint();
  }

  run(now) {
    this.tick = null;
    if (!this.element.isConnected) {
      this.key = null; // drawn anew elsewhere: `show` starts it again
      return;
    }
    if (this.playing && this.element.offsetParent && now - (this.last ?? 0) >= 1000 / Number(this.rate.value) - 4) {
      this.last = now;
      this.go(1);
    }
    this.tick = requestAnimationFrame((next) => this.run(next));
  }

  paint() {
    const paper = this.canvas.getContext("2d");
    const frame = this.frames[this.at];
    this.shown.textContent = `${this.at + 1}/${this.frames.length}, ${this.rate.value} fps`;
    if (!frame?.complete || !frame.naturalWidth) return;
    paper.clearRect(0, 0, this.canvas.width, this.canvas.height);
    paper.drawImage(frame, 0, 0);
    this.canvas.dataset.frame = String(this.at + 1);
  }
}
