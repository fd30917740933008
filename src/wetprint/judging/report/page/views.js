// Waveforms and spectrograms of dry, model and wet over one axis of time, which zooms them together.

import { outline } from "./outline.js";
import { RANGE_DB, ROWS, heightOf, spectrogram } from "./spectrogram.js";

const LEAST_SECONDS = 0.005;
const FRAMES = 480; // of a spectrogram
const WAVES_SHARE = 0.34; // of the height
const [AXIS, LABELS, GAP] = [20, 54, 6]; // in CSS pixels: the axis of time, the names, between rows
const DRAG = 4; // pixels below which a drag is a click
const SETTLED_MS = 120; // without another move, before the spectrograms are measured anew
const MARKS_HZ = [250, 1000, 4000, 10000];
const HEAT = // matplotlib's magma, in sixteenths
  "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf"
    .split(" ")
    .map((each) => [0, 2, 4].map((at) => Number.parseInt(each.slice(at, at + 2), 16)));

function heatOf(share) {
  const place = Math.max(0, Math.min(1, share)) * (HEAT.length - 1);
  const below = Math.min(Math.floor(place), HEAT.length - 2);
  return HEAT[below].map((low, at) => low + (place - below) * (HEAT[below + 1][at] - low));
}

/** Turn a spectrogram into a picture, head up, against the level of the loudest cell. */
function pictureOf(cells, columns, loudest) {
  const pixels = new ImageData(columns, ROWS);
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0; row < ROWS; row += 1) {
      const share = 1 + (cells[column * ROWS + row] - loudest) / RANGE_DB;
      pixels.data.set([...heatOf(share), 255], 4 * ((ROWS - 1 - row) * columns + column));
    }
  }
  const canvas = new OffscreenCanvas(columns, ROWS);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

const loudestOf = (cells) => cells.reduce((most, each) => Math.max(most, each), -Infinity);

/** Places on an axis at round distances, six or so. */
export function marks(from, to) {
  const rough = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const places = [];
  for (let count = Math.ceil(from / step - 1e-6); count * step <= to + 1e-9; count += 1) places.push(count * step);
  return { places, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

export class Views {
  // changed(): the stretch is another one; sought(seconds): somebody clicked there.
  constructor(root, changed, sought) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.now = root.querySelector(".now");
    this.marked = root.querySelector(".marked");
    this.told = root.querySelector("output");
    this.changed = changed;
    this.sought = sought;
    this.sounds = null;
    this.range = [0, 0];
    this.pictures = new Map();
    for (const [name, act] of Object.entries(this.actions())) {
      root.querySelector(`[data-view="${name}"]`).addEventListener("click", act);
    }
    this.followPointers();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  actions() {
    return {
      in: () => this.zoom(0.5),
      out: () => this.zoom(2),
      earlier: () => this.move(-0.5),
      later: () => this.move(0.5),
      all: () => this.show(0, this.seconds),
    };
  }

  load(buffers) {
    this.sounds = buffers;
    this.seconds = buffers.values().next().value.duration;
    const whole = spectrogram(buffers.get("wet"), 0, this.seconds, FRAMES);
    this.loudest = Math.max(-120, loudestOf(whole));
    this.root.hidden = false;
    this.show(0, this.seconds);
  }

  get isWhole() {
    return this.range[1] - this.range[0] >= this.seconds - 1e-9;
  }

  show(from, to) {
    const span = Math.max(LEAST_SECONDS, Math.min(to - from, this.seconds));
    const start = Math.max(0, Math.min(from, this.seconds - span));
    this.range = [start, start + span];
    const { digits } = marks(...this.range);
    const [first, last] = this.range.map((each) => each.toFixed(digits + 1));
    this.told.textContent = `${first} s to ${last} s`;
    for (const name of ["out", "all"]) this.root.querySelector(`[data-view="${name}"]`).disabled = this.isWhole;
    this.draw();
    this.changed();
  }

  // around: in seconds, what stays where it is on the screen.
  zoom(factor, around = (this.range[0] + this.range[1]) / 2) {
    const [from, to] = this.range;
    const span = Math.max(LEAST_SECONDS, Math.min((to - from) * factor, this.seconds));
    const start = around - ((around - from) / (to - from)) * span;
    this.show(start, start + span);
  }

  // share: of what is shown.
  move(share) {
    const [from, to] = this.range;
    const far = share * (to - from);
    this.show(from + far, to + far);
  }

  at(clientX) {
    const box = this.canvas.getBoundingClientRect();
    const share = (clientX - box.left - LABELS) / (box.width - LABELS);
    return this.range[0] + Math.max(0, Math.min(1, share)) * (this.range[1] - this.range[0]);
  }

  // A mouse drags out the stretch to look at; a finger moves along, two fingers zoom.
  followPointers() {
    const down = new Map();
    let from = null;
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, event.clientX);
      from = down.size === 1 ? { x: event.clientX, seconds: this.at(event.clientX), moved: false } : null;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (before === undefined) return;
      const others = [...down].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
      down.set(event.pointerId, event.clientX);
      if (others.length) {
        const distance = (x) => Math.max(20, Math.abs(x - others[0]));
        this.zoom(distance(before) / distance(event.clientX), this.at((event.clientX + others[0]) / 2));
      } else if (from) {
        from.moved ||= Math.abs(event.clientX - from.x) > DRAG;
        if (!from.moved) return;
        if (event.pointerType === "mouse") this.select(from.x, event.clientX);
        else this.move((before - event.clientX) / (canvas.clientWidth - LABELS));
      }
    });
    const up = (event) => {
      if (!down.delete(event.pointerId)) return;
      this.marked.hidden = true;
      if (!from || event.type === "pointercancel") return;
      const to = this.at(event.clientX);
      if (!from.moved) this.sought(to);
      else if (event.pointerType === "mouse") this.show(Math.min(from.seconds, to), Math.max(from.seconds, to));
      from = null;
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("dblclick", () => this.show(0, this.seconds));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  // As in maps and editors: with Ctrl, and so by pinching a trackpad, it zooms; sideways it moves.
  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) this.zoom(2 ** (event.deltaY / 200), this.at(event.clientX));
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) this.move(sideways / 1000);
    else return;
    event.preventDefault();
  }

  select(x, otherX) {
    const box = this.canvas.getBoundingClientRect();
    const [left, right] = [x, otherX].sort((a, b) => a - b).map((each) => Math.max(LABELS, each - box.left));
    this.marked.hidden = false;
    this.marked.style.left = `${left}px`;
    this.marked.style.width = `${right - left}px`;
  }

  /** Move the line that shows what is heard just now. */
  point(seconds) {
    const [from, to] = this.range;
    const share = (seconds - from) / (to - from);
    this.now.hidden = !this.sounds || share < 0 || share > 1;
    this.now.style.transform = `translateX(${LABELS + share * (this.canvas.clientWidth - LABELS)}px)`;
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.sounds || !width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.pen = this.canvas.getContext("2d");
    this.pen.scale(scale, scale);
    this.style = getComputedStyle(this.root);
    this.pen.font = `12px ${this.style.fontFamily}`;
    this.pen.textBaseline = "middle";
    const waves = WAVES_SHARE * (height - AXIS);
    this.drawWaves(width, waves);
    this.drawAxis(width, height);
    this.drawSpectrograms(width, waves, height - AXIS);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.measure(), SETTLED_MS);
  }

  colour(name) {
    return this.style.getPropertyValue(`--${name}`);
  }

  drawWaves(width, height) {
    const { pen } = this;
    const inner = Math.floor(width - LABELS);
    const rate = this.sounds.get("wet").sampleRate;
    const [from, to] = this.range.map((each) => each * rate);
    const outlines = new Map();
    let peak = 1e-5;
    for (const [name, buffer] of this.sounds) {
      outlines.set(name, outline([buffer.getChannelData(0)], from, to, inner));
      for (const [low, high] of outlines.get(name)) peak = Math.max(peak, -low, high);
    }
    const middle = height / 2;
    const y = (value) => middle - (value / peak) * (middle - GAP);
    pen.strokeStyle = this.colour("grid");
    pen.strokeRect(LABELS, middle, inner, 0);
    for (const name of ["wet", "dry", "model"]) {
      pen.strokeStyle = pen.fillStyle = this.colour(name);
      if (to - from > 2 * inner) this.drawOutline(outlines.get(name), y, name);
      else this.drawSamples(this.sounds.get(name).getChannelData(0), from, to, inner, y, name);
    }
    pen.globalAlpha = 1;
    pen.setLineDash([]);
    ["dry", "model", "wet"].forEach((name, index) => {
      pen.fillStyle = this.colour("ink");
      pen.fillText(name, 12, middle + (index - 1) * 17);
      pen.fillStyle = this.colour(name);
      pen.fillRect(0, middle + (index - 1) * 17 - 4, 8, 8);
    });
  }

  // As in the still pictures: wet is wide and pale, dry is dashed or dense, the model thin and on top.
  drawOutline(columns, y, name) {
    const { pen } = this;
    pen.globalAlpha = { wet: 0.5, dry: 0.7, model: 1 }[name];
    if (name !== "model") {
      columns.forEach(([low, high], x) => pen.fillRect(LABELS + x, y(high), 1, Math.max(1, y(low) - y(high))));
      return;
    }
    pen.lineWidth = 1;
    for (const side of [0, 1]) {
      pen.beginPath();
      columns.forEach((column, x) => pen.lineTo(LABELS + x, y(column[side])));
      pen.stroke();
    }
  }

  drawSamples(samples, from, to, inner, y, name) {
    const { pen } = this;
    pen.globalAlpha = name === "wet" ? 0.55 : 1;
    pen.lineWidth = name === "wet" ? 4 : 1.6;
    pen.setLineDash(name === "dry" ? [6, 3] : []);
    pen.save();
    pen.beginPath();
    pen.rect(LABELS, 0, inner, 1e4);
    pen.clip();
    pen.beginPath();
    for (let at = Math.max(0, Math.floor(from)); at <= Math.min(samples.length - 1, Math.ceil(to)); at += 1) {
      pen.lineTo(LABELS + ((at - from) / (to - from)) * inner, y(samples[at]));
    }
    pen.stroke();
    pen.restore();
  }

  drawAxis(width, height) {
    const { pen } = this;
    const [from, to] = this.range;
    const { places, digits } = marks(from, to);
    pen.textAlign = "center";
    for (const place of places) {
      const x = LABELS + ((place - from) / (to - from)) * (width - LABELS);
      pen.fillStyle = this.colour("muted");
      pen.fillRect(x, height - AXIS + 2, 1, 4);
      const half = pen.measureText(place.toFixed(digits)).width / 2;
      pen.fillText(place.toFixed(digits), Math.min(x, width - half), height - AXIS / 2 + 3);
    }
    pen.fillText("s", LABELS / 2, height - AXIS / 2 + 3);
    pen.textAlign = "left";
  }

  drawSpectrograms(width, top, bottom) {
    const { pen } = this;
    const rate = this.sounds.get("wet").sampleRate;
    const each = (bottom - top) / this.sounds.size;
    const [from, to] = this.range;
    [...this.sounds.keys()].forEach((name, index) => {
      const y = top + index * each;
      pen.fillStyle = this.colour("ink");
      pen.fillText(name, 0, y + GAP + 6);
      pen.fillStyle = `rgb(${HEAT[0]})`;
      pen.fillRect(LABELS, y + GAP, width - LABELS, each - GAP);
      const known = this.pictures.get(name);
      if (known) {
        pen.save();
        pen.beginPath();
        pen.rect(LABELS, y + GAP, width - LABELS, each - GAP);
        pen.clip();
        const perSecond = (width - LABELS) / (to - from);
        const x = LABELS + (known.from - from) * perSecond;
        pen.drawImage(known.picture, x, y + GAP, (known.to - known.from) * perSecond, each - GAP);
        pen.restore();
      }
      pen.fillStyle = this.colour("muted");
      pen.textAlign = "right";
      for (const hertz of MARKS_HZ) {
        const head = y + GAP + (1 - heightOf(hertz, rate)) * (each - GAP);
        if (hertz < rate / 2 && head > y + GAP + 14) {
          pen.fillText(hertz < 1000 ? hertz : `${hertz / 1000}k`, LABELS - 4, head);
        }
      }
      pen.textAlign = "left";
    });
  }

  /** Measure the spectrograms of what is shown, one at a time, unless that is another stretch by then. */
  async measure() {
    const [from, to] = this.range;
    const isStale = () => from !== this.range[0] || to !== this.range[1];
    for (const [name, buffer] of this.sounds) {
      const known = this.pictures.get(name);
      if (known?.from === from && known.to === to) continue;
      const cells = spectrogram(buffer, from, to, FRAMES);
      this.pictures.set(name, { picture: pictureOf(cells, FRAMES, this.loudest), from, to });
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (isStale()) return;
    }
    this.redrawSpectrograms();
  }

  redrawSpectrograms() {
    if (!this.pen) return;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const waves = WAVES_SHARE * (height - AXIS);
    this.pen.clearRect(0, waves, width, height - AXIS - waves);
    this.drawSpectrograms(width, waves, height - AXIS);
    this.root.dataset.measured = this.range.join(" ");
  }
}
