// Dry, model and wet, played in step and switched without a gap.
//
// All sounds of an excerpt start at one instant, loop over the same samples and never stop while
// it plays; what is heard is decided by one gain for each. Two gains that approach 0 and 1 with
// the same time constant always add up to 1, so the crossfade neither dips nor jumps, even when a
// switch comes in the middle of another one.

import { looped } from "./seam.js";

const CROSSFADE_S = 0.004; // time constant: 95 % of the way in 12 ms
const STOP_S = 0.04;

const gainOf = (decibels) => 10 ** (decibels / 20);
const glide = (parameter, value, now) => parameter.setTargetAtTime(value, now, CROSSFADE_S);

/** The sounds of one excerpt, playing together in an audio context (online or offline). */
export class Deck {
  // range: [from, to] in seconds, what is looped; position: in the excerpt, where it begins.
  constructor(context, buffers, heard, range, position = range[0]) {
    this.context = context;
    this.range = range;
    this.offset = position >= range[0] && position < range[1] ? position - range[0] : 0;
    this.master = new GainNode(context, { gain: 0 });
    this.master.connect(context.destination);
    this.begin = context.currentTime + (context instanceof OfflineAudioContext ? 0 : 0.01);
    this.lanes = new Map();
    for (const [name, buffer] of buffers) this.lanes.set(name, this.lane(name, buffer, heard));
    glide(this.master.gain, 1, this.begin);
  }

  lane(name, whole, heard) {
    const buffer = looped(this.context, whole, ...this.range);
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
    const gone = Math.max(0, heardAt - this.begin);
    return this.range[0] + ((this.offset + gone) % this.seconds);
  }

  stop() {
    const now = this.context.currentTime;
    glide(this.master.gain, 0, now);
    for (const { source } of this.lanes.values()) source.stop(now + STOP_S);
  }
}
