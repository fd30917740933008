// A stretch of a sound that loops without a click at its seam.

export const SEAM_SECONDS = 0.008;

const risen = (step, steps) => 0.5 - 0.5 * Math.cos((Math.PI * (step + 1)) / (steps + 1));

/**
 * Cut a stretch out of a sound, to be played in a loop of all its samples.
 *
 * What is heard last fades into what comes before the stretch in the sound, so that the first sample
 * follows the last one as it does there. At the beginning of the sound nothing comes before: it is
 * faded out, and in again. The length is that of the stretch, to the sample.
 *
 * context: an AudioContext or an OfflineAudioContext; from, to: in seconds.
 */
export function looped(context, buffer, from, to) {
  const { numberOfChannels, sampleRate } = buffer;
  const start = Math.max(0, Math.min(Math.round(from * sampleRate), buffer.length - 1));
  const end = Math.max(start + 1, Math.min(Math.round(to * sampleRate), buffer.length));
  const made = context.createBuffer(numberOfChannels, end - start, sampleRate);
  const steps = Math.min(Math.round(SEAM_SECONDS * sampleRate), Math.floor((end - start) / 2));
  const precedes = start >= steps;
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    const sound = buffer.getChannelData(channel);
    const part = made.getChannelData(channel);
    part.set(sound.subarray(start, end));
    for (let step = 0; step < steps; step += 1) {
      const share = risen(step, steps);
      const last = end - start - steps + step;
      part[last] = (1 - share) * part[last] + (precedes ? share * sound[start - steps + step] : 0);
      if (!precedes) part[step] *= share;
    }
  }
  return made;
}
