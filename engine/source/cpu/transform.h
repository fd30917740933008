// A transform for convolution, in passes that can be done piece by piece.
//
// 2 size real samples x become size complex values X[k] = Σ x[n] exp(-iπ(4k+1)n / (2 size)): x at
// half of the roots of z^(2 size) = -1, whose other half are their conjugates. Products of such
// spectra are negacyclic convolutions, which serve overlap-save as well as cyclic ones do, and
// where an FFT of real samples needs a pass to part them and two bins apart, this one needs a
// twist: X is the complex FFT, of length size, of (x[n] - i x[n + size]) exp(-iπn / (2 size)).
// Crandall and Fagin 1994, doi:10.1090/S0025-5718-1994-1185244-1, "right-angle convolution".
//
// The FFT runs by decimation in frequency and its inverse by decimation in time, radix 2, so that
// nothing is ever put in order. After the first three stages the eight independent parts are
// interleaved, which makes every later stage work on eight neighbours at a time.
#pragma once

#include <cstddef>

namespace wetprint {

constexpr int kParts = 8;
constexpr int kPartsLog2 = 3;

struct Transform {
  int size;       // complex points, a power of two from 64
  int size_log2;
  const float* twist;     // cos(πn / (2 size)), then sin of the same: 2 size floats
  const float* twiddles;  // for every half = 1, 2, 4, ...: cos(πk / half), k < half, from [half];
                          // and from [size + half] the sines
  const float* older;     // size samples; forward only
  const float* newer;     // the size samples after them; forward only
  float* scratch;         // size real parts, then size imaginary parts
  float* spectrum;        // likewise
  float* output;          // size samples; inverse only
};  // size_log2 + 2 passes each way

}  // namespace wetprint
