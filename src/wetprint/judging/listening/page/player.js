// All sounds of a trial run at once, in one loop; switching only moves gains, so that nothing is
// cut and no sample is out of place.

import { looped } from "./seam.js";

export const FADE_SECONDS = 0.012;

function gainAt(ramp, moment) {
  if (!ramp) return 0;
  const gone = Math.max(0, Math.min(1, (moment - ramp.at) / FADE_SECONDS));
  return ramp.value + gone * (ramp.target - ramp.value);
}

export class Player {
  // context: an AudioContext, or an OfflineAudioContext to look at what would be heard.
  constructor(context) {
    this.context = context;
    this.buffers = new Map();
    this.gains = new Map();
    this.ramps = new Map();
    this.sources = [];
    this.heard = null;
    this.playing = false;
    this.loop = [0, 0];
    this.begun = 0;
  }

  // buffers: label -> AudioBuffer, all of one length.
  load(buffers) {
    this.stop();
    this.gains.forEach((gain) => gain.disconnect());
    this.buffers = new Map(buffers);
    this.gains = new Map();
    this.ramps = new Map();
    for (const label of this.buffers.keys()) {
      const gain = this.context.createGain();
      gain.gain.value = 0;
      gain.connect(this.context.destination);
      this.gains.set(label, gain);
    }
    this.heard = this.buffers.keys().next().value;
    this.loop = [0, this.duration];
  }

  get duration() {
    const first = this.buffers.values().next().value;
    return first ? first.duration : 0;
  }

  // Where in the passage the loop stands, in seconds.
  get position() {
    if (!this.playing) return this.loop[0];
    const [from, to] = this.loop;
    const gone = Math.max(0, this.context.currentTime - this.begun);
    return from + (gone % (to - from));
  }

  play(at = this.context.currentTime + 0.02) {
    if (this.playing || !this.buffers.size) return;
    const [from, to] = this.loop;
    for (const [label, buffer] of this.buffers) {
      const source = this.context.createBufferSource();
      source.buffer = looped(this.context, buffer, from, to);
      source.loop = true;
      source.connect(this.gains.get(label));
      source.start(at);
      this.sources.push(source);
    }
    this.begun = at;
    this.playing = true;
    this.fade(at);
  }

  stop() {
    const now = this.context.currentTime;
    this.playing = false;
    this.fade(now);
    this.sources.forEach((source) => source.stop(now + FADE_SECONDS));
    this.sources = [];
  }

  // Hear another sound, from now on or from a moment of the context's clock on.
  hear(label, at = this.context.currentTime) {
    if (!this.buffers.has(label)) return;
    this.heard = label;
    this.fade(at);
  }

  // What each gain is at a moment is reckoned here: an engine does not hold a ramp that has ended,
  // and would begin the next one in the past.
  fade(at) {
    for (const [label, gain] of this.gains) {
      const target = this.playing && label === this.heard ? 1 : 0;
      const value = gainAt(this.ramps.get(label), at);
      gain.gain.cancelScheduledValues(at);
      gain.gain.setValueAtTime(value, at);
      gain.gain.linearRampToValueAtTime(target, at + FADE_SECONDS);
      this.ramps.set(label, { at, value, target });
    }
  }

  setLoop(from, to) {
    const least = Math.min(0.25, this.duration);
    const start = Math.max(0, Math.min(from, this.duration - least));
    const end = Math.max(start + least, Math.min(to, this.duration));
    const rate = this.context.sampleRate; // whole samples, as the loop is cut
    this.loop = [Math.round(start * rate) / rate, Math.round(end * rate) / rate];
    if (!this.playing) return;
    this.stop();
    this.play();
  }
}

export async function decoded(context, bytes) {
  return context.decodeAudioData(bytes);
}
