#include "playing/fft.h"

#include <cmath>
#include <cstddef>

namespace wetprint::playing {

Complexes::Complexes(Budget& budget, int size) {
  budget.take(std::int64_t{4} * size);  // two doubles a number, counted in floats
  re.assign(static_cast<std::size_t>(size), 0.0);
  im.assign(static_cast<std::size_t>(size), 0.0);
}

Fft::Fft(Budget& budget, int size) : size_(size), turns_(budget, size / 2), other_(budget, size) {
  const double step = -2.0 * std::acos(-1.0) / size;
  for (int index = 0; index < size / 2; ++index) {
    turns_.re[index] = std::cos(step * index);
    turns_.im[index] = std::sin(step * index);
  }
}

// An inverse transform is the same with the parts exchanged.
void Fft::run(std::vector<double>& re, std::vector<double>& im) noexcept {
  for (int half = size_ / 2, run = 1; half >= 1; half /= 2, run *= 2) {
    for (int turn = 0; turn < half; ++turn) {
      const double cosine = turns_.re[turn * run], sine = turns_.im[turn * run];
      const double* a_re = re.data() + turn * run;
      const double* a_im = im.data() + turn * run;
      const double* b_re = a_re + half * run;
      const double* b_im = a_im + half * run;
      double* to_re = other_.re.data() + 2 * turn * run;
      double* to_im = other_.im.data() + 2 * turn * run;
      for (int each = 0; each < run; ++each) {
        const double less_re = a_re[each] - b_re[each], less_im = a_im[each] - b_im[each];
        to_re[each] = a_re[each] + b_re[each];
        to_im[each] = a_im[each] + b_im[each];
        to_re[run + each] = less_re * cosine - less_im * sine;
        to_im[run + each] = less_re * sine + less_im * cosine;
      }
    }
    re.swap(other_.re);
    im.swap(other_.im);
  }
}

}  // namespace wetprint::playing
