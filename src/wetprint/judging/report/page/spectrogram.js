// The power of a sound over time and frequency, as fine as the stretch of it that is looked at.

export const ROWS = 112;
export const RANGE_DB = 80;
const LOWEST_HZ = 40;
const FRAME_SECONDS = [0.043, 0.002]; // the longest and the shortest frame
const FRAMES_IN_SIGHT = 48; // a frame is this part of what is looked at, between those bounds

const melOf = (hertz) => 2595 * Math.log10(1 + hertz / 700);
const hertzOf = (mel) => 700 * (10 ** (mel / 2595) - 1);

/** Where a frequency lies on the picture: 0 at its foot, 1 at its head. */
export function heightOf(hertz, sampleRate) {
  const [low, high] = [melOf(LOWEST_HZ), melOf(sampleRate / 2)];
  return (melOf(hertz) - low) / (high - low);
}

/** Radix-2 transform of complex numbers in place; the size is a power of two. */
class Transform {
  constructor(size) {
    this.size = size;
    this.cosine = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sine = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    const bits = Math.log2(size);
    this.reversed = new Uint32Array(size);
    for (let k = 1; k < size; k += 1) {
      this.reversed[k] = (this.reversed[k >> 1] >> 1) | ((k & 1) << (bits - 1));
    }
  }

  run(real, imaginary) {
    const { size, cosine, sine, reversed } = this;
    for (let k = 0; k < size; k += 1) {
      const other = reversed[k];
      if (other <= k) continue;
      [real[k], real[other]] = [real[other], real[k]];
      [imaginary[k], imaginary[other]] = [imaginary[other], imaginary[k]];
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let first = 0; first < size; first += 2 * half) {
        for (let k = 0; k < half; k += 1) {
          const [a, b] = [first + k, first + k + half];
          const [c, s] = [cosine[k * stride], -sine[k * stride]];
          const re = real[b] * c - imaginary[b] * s;
          const im = real[b] * s + imaginary[b] * c;
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
  }
}

/** The bins of a transform that each row of the picture covers, from low to high. */
function rowsOf(size, sampleRate) {
  const [low, high] = [melOf(LOWEST_HZ), melOf(sampleRate / 2)];
  const edge = (row) => (hertzOf(low + ((high - low) * row) / ROWS) * size) / sampleRate;
  return Array.from({ length: ROWS }, (_, row) => [edge(row), edge(row + 1)]);
}

/** The mean power of a row; between two bins where it covers less than one. */
function rowPower(power, [from, to]) {
  const [first, last] = [Math.ceil(from), Math.min(Math.floor(to), power.length - 1)];
  if (last < first) {
    const middle = Math.min((from + to) / 2, power.length - 1.001);
    const below = Math.floor(middle);
    return power[below] + (middle - below) * (power[below + 1] - power[below]);
  }
  let sum = 0;
  for (let bin = first; bin <= last; bin += 1) sum += power[bin];
  return sum / (last - first + 1);
}

/**
 * Measure a stretch of a sound in dB: columns one after the other, each from low to high.
 *
 * A sine of full scale stands at about 0 dB, however long the frames are. The channels are averaged
 * in power: the first one is transformed as the real part and the second one as the imaginary part,
 * whose powers come out added up at mirrored bins.
 *
 * from, to: in seconds; columns: how many frames, evenly spread.
 */
export function spectrogram(buffer, from, to, columns) {
  const rate = buffer.sampleRate;
  const [longest, shortest] = FRAME_SECONDS;
  const wanted = Math.max(shortest, Math.min(longest, (to - from) / FRAMES_IN_SIGHT));
  const size = 2 ** Math.round(Math.log2(wanted * rate));
  const transform = new Transform(size);
  const window = Float64Array.from({ length: size }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size));
  const rows = rowsOf(size, rate);
  const left = buffer.getChannelData(0);
  const right = buffer.numberOfChannels > 1 ? buffer.getChannelData(1) : left;
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  const power = new Float64Array(size / 2 + 1);
  const scale = 4 / size ** 2; // of the mean over two sides of |X|^2 to a sine's squared amplitude
  const cells = new Float32Array(columns * ROWS);
  for (let column = 0; column < columns; column += 1) {
    const centre = (from + ((column + 0.5) / columns) * (to - from)) * rate;
    const start = Math.round(centre - size / 2);
    for (let k = 0; k < size; k += 1) {
      real[k] = (left[start + k] ?? 0) * window[k];
      imaginary[k] = (right[start + k] ?? 0) * window[k];
    }
    transform.run(real, imaginary);
    for (let bin = 0; bin <= size / 2; bin += 1) {
      const mirrored = (size - bin) % size;
      const both = real[bin] ** 2 + imaginary[bin] ** 2 + real[mirrored] ** 2 + imaginary[mirrored] ** 2;
      power[bin] = both * scale;
    }
    rows.forEach((row, index) => {
      cells[column * ROWS + index] = 10 * Math.log10(rowPower(power, row) + 1e-14);
    });
  }
  return cells;
}
