/**
 * The lowest and the highest sample in each column of a picture.
 *
 * channels: the samples of each, which share an outline; from, to: in samples, also between two.
 */
export function outline(channels, from, to, columns) {
  return Array.from({ length: columns }, (_, column) => {
    const first = Math.max(0, Math.floor(from + ((to - from) * column) / columns));
    const end = Math.ceil(from + ((to - from) * (column + 1)) / columns);
    let [low, high] = [Infinity, -Infinity];
    for (const samples of channels) {
      for (let at = first; at < Math.min(samples.length, Math.max(first + 1, end)); at += 1) {
        if (samples[at] < low) low = samples[at];
        if (samples[at] > high) high = samples[at];
      }
    }
    return [low, high];
  });
}
