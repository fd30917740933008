// Plays dry, model and wet in step and switches between them without a gap.
//
// All sounds of an excerpt start at one instant, loop over the same samples and never stop while
// it plays; what is heard is decided by one gain for each. Two gains that approach 0 and 1 with
// the same time constant always add up to 1, so the crossfade neither dips nor jumps, even when a
// switch comes in the middle of another one.

const CROSSFADE_S = 0.004; // time constant: 95 % of the way in 12 ms
const STOP_S = 0.04;
const METER_RANGE_DB = 60;
const COLUMNS = 640;

const gainOf = (decibels) => 10 ** (decibels / 20);
const glide = (parameter, value, now) => parameter.setTargetAtTime(value, now, CROSSFADE_S);

/** The sounds of one excerpt, playing together in an audio context (online or offline). */
export class Deck {
  constructor(context, buffers, heard, offset = 0) {
    this.context = context;
    this.master = new GainNode(context, { gain: 0 });
    this.master.connect(context.destination);
    this.begin = context.currentTime + (context instanceof OfflineAudioContext ? 0 : 0.01);
    this.offset = offset;
    this.lanes = new Map();
    for (const [name, buffer] of buffers) this.lanes.set(name, this.lane(name, buffer, heard));
    glide(this.master.gain, 1, this.begin);
  }

  lane(name, buffer, heard) {
    const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
    const level = new GainNode(this.context, { gain: 1 });
    const choice = new GainNode(this.context, { gain: name === heard ? 1 : 0 });
    const meter = new AnalyserNode(this.context, { fftSize: 2048 });
    source.connect(level).connect(choice).connect(this.master);
    level.connect(meter);
    source.start(this.begin, this.offset);
    this.seconds = buffer.duration;
    return { source, level, choice, meter };
  }

  hear(name, now = this.context.currentTime) {
    for (const [each, lane] of this.lanes) glide(lane.choice.gain, each === name ? 1 : 0, now);
  }

  turn(name, decibels, now = this.context.currentTime) {
    glide(this.lanes.get(name).level.gain, gainOf(decibels), now);
  }

  get position() {
    const heardAt = this.context.currentTime - (this.context.outputLatency || 0);
    return (this.offset + Math.max(0, heardAt - this.begin)) % this.seconds;
  }

  stop() {
    const now = this.context.currentTime;
    glide(this.master.gain, 0, now);
    for (const { source } of this.lanes.values()) source.stop(now + STOP_S);
  }
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes.buffer;
}

/** Lowest and highest sample of every column, over all channels. */
function outline(buffer) {
  const low = new Float32Array(COLUMNS);
  const high = new Float32Array(COLUMNS);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let index = 0; index < samples.length; index += 1) {
      const column = Math.floor((index * COLUMNS) / samples.length);
      if (samples[index] < low[column]) low[column] = samples[index];
      if (samples[index] > high[column]) high[column] = samples[index];
    }
  }
  return { low, high };
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
    this.outlines = new Map([...this.buffers].map(([name, each]) => [name, outline(each)]));
    this.peak = 1e-4;
    for (const { low, high } of this.outlines.values()) {
      for (const value of [...low, ...high]) this.peak = Math.max(this.peak, Math.abs(value));
    }
    this.draw();
    return this.buffers;
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
    this.deck = new Deck(Player.context, buffers, this.heard, this.position);
    this.level();
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
      this.deck = new Deck(Player.context, this.buffers, this.heard, this.position);
      this.level();
    }
    this.draw();
  }

  follow() {
    if (!this.deck) return;
    this.position = this.deck.position;
    for (const [name, lane] of this.deck.lanes) this.showLevel(name, lane.meter);
    this.draw();
    requestAnimationFrame(() => this.follow());
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
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.outlines || !width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const styles = getComputedStyle(this.root);
    const played = (this.position / Number(this.slider.max)) * width;
    const { low, high } = this.outlines.get(this.heard);
    pen.fillStyle = styles.getPropertyValue(`--${this.heard}`);
    for (let x = 0; x < width; x += 1) {
      const column = Math.floor((x * COLUMNS) / width);
      const top = (high[column] / this.peak) * (height / 2);
      const bottom = (low[column] / this.peak) * (height / 2);
      pen.globalAlpha = x < played ? 1 : 0.45;
      pen.fillRect(x, height / 2 - top, 1, Math.max(1, top - bottom));
    }
    pen.globalAlpha = 1;
    pen.fillStyle = styles.getPropertyValue("--ink");
    pen.fillRect(Math.round(played), 0, 1.5, height);
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
  if (key === " " && !focused) {
    event.preventDefault();
    if (!event.repeat) player.toggle();
  }
});

// What is folded away on screen belongs on paper.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
});
