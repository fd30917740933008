// A Fourier transform of complex numbers in double precision, for blocks that look at spectra.
//
// Stockham's self-sorting form, radix 2 (Van Loan 1992, Computational Frameworks for the Fast Fourier
// Transform, section 1.7): real and imaginary parts apart, and neighbours worked on together.
#pragma once

#include <vector>

#include "playing/memory.h"

namespace wetprint::playing {

struct Complexes {
  Complexes(Budget& budget, int size);
  double power(int index) const { return re[index] * re[index] + im[index] * im[index]; }

  std::vector<double> re, im;
};

class Fft {
 public:
  // `size` is a power of two from 2.
  Fft(Budget& budget, int size);

  // In place, and not scaled. No allocation.
  void forward(Complexes& values) noexcept { run(values.re, values.im); }
  void inverse(Complexes& values) noexcept { run(values.im, values.re); }

 private:
  void run(std::vector<double>& re, std::vector<double>& im) noexcept;

  int size_;
  Complexes turns_, other_;
};

}  // namespace wetprint::playing
