// The player of a report: transport, sources, loudness, the strip of the whole excerpt and the views.

import { Deck } from "./deck.js";
import { outline } from "./outline.js";
import { Views } from "./views.js";

const METER_RANGE_DB = 60;
const STRIP_COLUMNS = 640;
const LEAST_LOOP_SECONDS = 0.1;
const FOLLOWED_SECONDS = 0.5; // a shorter stretch would run away under the eyes

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes.buffer;
}

function wholeOutline(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, each) => buffer.getChannelData(each));
  return outline(channels, 0, buffer.length, STRIP_COLUMNS);
}

class Player {
  static context = null;
  static recent = null;

  constructor(root) {
    this.root = root;
    this.buttons = new Map(
      [...root.querySelectorAll("[data-source]")].map((each) => [each.dataset.source, each]),
    );
    this.heard = root.querySelector('[aria-pressed="true"]').dataset.source;
    this.playButton = root.querySelector(".play");
    this.slider = root.querySelector("input[type=range]");
    this.canvas = root.querySelector("canvas");
    this.match = root.querySelector(".match");
    this.loop = root.querySelector(".loop-shown");
    this.views = new Views(
      root.querySelector(".views"),
      () => this.lookElsewhere(),
      (seconds) => this.seek(seconds),
    );
    this.status = root.querySelector("[role=status]");
    this.deck = null;
    this.position = 0;
    this.listen();
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.load();
    }).observe(root);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  listen() {
    // A click with the mouse leaves no focus behind, so that space stays "play, pause".
    const onClick = (button, action) =>
      button.addEventListener("click", (event) => {
        if (event.detail > 0) button.blur();
        Player.recent = this;
        action();
      });
    onClick(this.playButton, () => this.toggle());
    for (const [name, button] of this.buttons) onClick(button, () => this.hear(name));
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.match.addEventListener("change", () => this.level());
    this.loop.addEventListener("change", () => this.restart());
    this.root.addEventListener("focusin", () => { Player.recent = this; });
  }

  /** Decode the sounds, once; the promise is kept, so that all who ask wait for the same work. */
  load() {
    this.loading ??= this.decode().catch(() => {
      const note = this.root.querySelector(".failed");
      note.textContent = "This browser could not decode the sound (16-bit FLAC).";
      note.hidden = false;
      return null;
    });
    return this.loading;
  }

  async decode() {
    const { sampleRate, channels, player } = this.root.dataset;
    const context = new OfflineAudioContext(Number(channels), 1, Number(sampleRate));
    const decoded = [...this.buttons.keys()].map(async (name) => {
      const text = document.getElementById(`sound-${player}-${name}`).textContent;
      return [name, await context.decodeAudioData(bytesOf(text))];
    });
    this.buffers = new Map(await Promise.all(decoded));
    this.outlines = new Map([...this.buffers].map(([name, each]) => [name, wholeOutline(each)]));
    this.peak = 1e-4;
    for (const columns of this.outlines.values()) {
      for (const [low, high] of columns) this.peak = Math.max(this.peak, -low, high);
    }
    this.views.load(this.buffers);
    this.draw();
    return this.buffers;
  }

  /** What is played in a loop: the excerpt, or what the views show of it where that is wanted. */
  get range() {
    const [from, to] = this.views.range;
    return this.loop.checked && to - from >= LEAST_LOOP_SECONDS ? [from, to] : [0, this.views.seconds];
  }

  start() {
    this.deck = new Deck(Player.context, this.buffers, this.heard, this.range, this.position);
    this.level();
  }

  restart() {
    if (!this.deck) return;
    this.position = this.deck.position;
    this.deck.stop();
    this.start();
  }

  lookElsewhere() {
    const [from, to] = this.range;
    const played = this.deck?.range;
    if (played && (played[0] !== from || played[1] !== to)) this.restart();
    this.draw();
  }

  async toggle() {
    if (this.deck) this.pause();
    else await this.play();
  }

  async play() {
    const buffers = await this.load();
    if (!buffers || this.deck) return;
    for (const each of players) if (each !== this) each.pause();
    const sampleRate = Number(this.root.dataset.sampleRate);
    Player.context ??= new AudioContext({ sampleRate, latencyHint: "interactive" });
    await Player.context.resume();
    this.start();
    this.root.classList.add("playing");
    this.playButton.setAttribute("aria-label", "Pause");
    requestAnimationFrame(() => this.follow());
  }

  pause() {
    if (!this.deck) return;
    this.position = this.deck.position;
    this.deck.stop();
    this.deck = null;
    this.root.classList.remove("playing");
    this.playButton.setAttribute("aria-label", "Play");
    for (const button of this.buttons.values()) {
      button.querySelector(".meter i").style.transform = "scaleX(0)";
    }
    this.draw();
  }

  hear(name) {
    this.heard = name;
    this.deck?.hear(name);
    for (const [each, button] of this.buttons) button.setAttribute("aria-pressed", each === name);
    this.status.textContent = `${name} is heard`;
    this.draw();
  }

  level() {
    for (const [name, button] of this.buttons) {
      this.deck?.turn(name, this.match.checked ? Number(button.dataset.matchingDb) : 0);
    }
  }

  seek(seconds) {
    this.position = Math.min(seconds, Number(this.slider.max) - 0.01);
    if (this.deck) {
      this.deck.stop();
      this.start();
    }
    this.draw();
  }

  follow() {
    if (!this.deck) return;
    this.position = this.deck.position;
    for (const [name, lane] of this.deck.lanes) this.showLevel(name, lane.meter);
    this.draw();
    this.turnPage();
    requestAnimationFrame(() => this.follow());
  }

  /** Let the views follow what is heard, unless they loop it or show too little to be followed. */
  turnPage() {
    const [from, to] = this.views.range;
    const isOutside = this.position < from || this.position >= to;
    if (isOutside && !this.loop.checked && to - from >= FOLLOWED_SECONDS) {
      this.views.show(this.position, this.position + to - from);
    }
  }

  showLevel(name, meter) {
    const samples = new Float32Array(meter.fftSize);
    meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    const share = 1 + (10 * Math.log10(power + 1e-12)) / METER_RANGE_DB;
    const bar = this.buttons.get(name).querySelector(".meter i");
    bar.style.transform = `scaleX(${Math.min(1, Math.max(0, share))})`;
  }

  draw() {
    this.slider.value = this.position;
    this.slider.setAttribute(
      "aria-valuetext",
      `${this.position.toFixed(1)} of ${Number(this.slider.max).toFixed(1)} seconds`,
    );
    this.views.point(this.position);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.outlines || !width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const styles = getComputedStyle(this.root);
    const played = (this.position / Number(this.slider.max)) * width;
    const columns = this.outlines.get(this.heard);
    pen.fillStyle = styles.getPropertyValue(`--${this.heard}`);
    for (let x = 0; x < width; x += 1) {
      const [low, high] = columns[Math.floor((x * STRIP_COLUMNS) / width)];
      const top = (high / this.peak) * (height / 2);
      const bottom = (low / this.peak) * (height / 2);
      pen.globalAlpha = x < played ? 1 : 0.45;
      pen.fillRect(x, height / 2 - top, 1, Math.max(1, top - bottom));
    }
    pen.globalAlpha = 1;
    pen.fillStyle = styles.getPropertyValue("--ink");
    pen.fillRect(Math.round(played), 0, 1.5, height);
    if (this.views.isWhole) return;
    const [from, to] = this.views.range.map((each) => (each / this.views.seconds) * width);
    pen.globalAlpha = 0.14;
    pen.fillRect(from, 0, Math.max(2, to - from), height);
  }
}

const players = [...document.querySelectorAll("[data-player]")].map((root) => new Player(root));
Player.recent = players[0] ?? null;

document.addEventListener("keydown", (event) => {
  const player = Player.recent;
  if (!player || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key;
  const source = [...player.buttons.keys()][["1", "2", "3"].indexOf(key)];
  if (source) player.hear(source);
  const focused = event.target instanceof Element
    && event.target.closest("button, summary, a, input[type=checkbox]");
  const view = { "+": "in", "=": "in", "-": "out", 0: "all", ArrowLeft: "earlier", ArrowRight: "later" }[key];
  const scrolls = event.target instanceof Element && event.target.closest("input[type=range], .scroll");
  if (view && player.buffers && !scrolls) {
    event.preventDefault();
    player.views.actions()[view]();
  }
  if (key === " " && !focused) {
    event.preventDefault();
    if (!event.repeat) player.toggle();
  }
});
