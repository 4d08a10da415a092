// SPDX-License-Identifier: Apache-2.0
// What the inner loops of the selective scan cost in C, when all they touch is in the nearest cache: a yardstick for the
// Java kernel, whose loops they are. See bench/README.md.
#include <immintrin.h>
#include <stdio.h>
#include <time.h>

enum { T = 32, N = 4, P = 2, W = 8 }; // steps, states, vectors of a pair, lanes
typedef __m256 v;
#define ALL(x) _mm256_set1_ps(x)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define MUL(a, b) _mm256_mul_ps(a, b)

static v delta[T][P], x[T][P], g[T][P], y[T][P], s[T][P], r[T][P];
static v decay[N][P][T + 1], history[N][P][T + 1], db[N][T], dc[N][T];
static v a[N][P], h[N][P], lambda[N][P], da[N][P];
static float b[T][16], c[T][16];

static inline v power(v x, v rate) { // as VectorPower.power
  v shifted = FMA(x, rate, ALL(0x1.8p23f));
  v f = FMA(x, rate, _mm256_sub_ps(ALL(0x1.8p23f), shifted));
  v p = FMA(f, ALL(0x1.5bb986p-10f), ALL(0x1.3ceb1p-7f));
  p = FMA(p, f, ALL(0x1.c6b758p-5f));
  p = FMA(p, f, ALL(0x1.ebf9bap-3f));
  p = FMA(p, f, ALL(0x1.62e42ap-1f));
  p = FMA(p, f, ALL(1.f));
  __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}

__attribute__((noinline)) static void exponentials(void) {
  for (int n = 0; n < N; n++)
    for (int i = 0; i < P; i++)
      for (int t = 0; t < T; t++) decay[n][i][t] = power(delta[t][i], a[n][i]);
}

__attribute__((noinline)) static void forward(void) { // exponentials and recurrence in one loop
  for (int n = 0; n < N; n += 2)
    for (int i = 0; i < P; i++) {
      v p = h[n][i], q = h[n + 1][i];
      for (int t = 0; t < T; t++) {
        p = FMA(p, power(delta[t][i], a[n][i]), MUL(x[t][i], ALL(b[t][n])));
        q = FMA(q, power(delta[t][i], a[n + 1][i]), MUL(x[t][i], ALL(b[t][n + 1])));
        y[t][i] = FMA(q, ALL(c[t][n + 1]), FMA(p, ALL(c[t][n]), y[t][i]));
      }
      h[n][i] = p, h[n + 1][i] = q;
    }
}

__attribute__((noinline)) static void replay(void) {
  for (int n = 0; n < N; n++) {
    v p = h[n][0], q = h[n][1];
    history[n][0][0] = p, history[n][1][0] = q;
    for (int t = 0; t < T; t++) {
      history[n][0][t + 1] = p = FMA(p, decay[n][0][t], MUL(x[t][0], ALL(b[t][n])));
      history[n][1][t + 1] = q = FMA(q, decay[n][1][t], MUL(x[t][1], ALL(b[t][n])));
    }
  }
}

__attribute__((noinline)) static void retreat(void) { // dB, dC, s and λ of a state of a pair
  for (int n = 0; n < N; n++) {
    v p = lambda[n][0], q = lambda[n][1];
    for (int t = T - 1; t >= 0; t--) {
      v bt = ALL(b[t][n]), ct = ALL(c[t][n]);
      dc[n][t] = FMA(g[t][1], history[n][1][t + 1], FMA(g[t][0], history[n][0][t + 1], dc[n][t]));
      p = FMA(g[t][0], ct, p), q = FMA(g[t][1], ct, q);
      db[n][t] = FMA(q, x[t][1], FMA(p, x[t][0], db[n][t]));
      s[t][0] = FMA(p, bt, s[t][0]), s[t][1] = FMA(q, bt, s[t][1]);
      decay[n][0][t] = p = MUL(p, decay[n][0][t]), decay[n][1][t] = q = MUL(q, decay[n][1][t]);
    }
    lambda[n][0] = p, lambda[n][1] = q;
  }
}

__attribute__((noinline)) static void rates(void) { // dA and r
  for (int i = 0; i < P; i++)
    for (int n = 0; n < N; n += 2) {
      v p = da[n][i], q = da[n + 1][i];
      for (int t = 0; t < T; t++) {
        v u = MUL(decay[n][i][t], history[n][i][t]), w = MUL(decay[n + 1][i][t], history[n + 1][i][t]);
        p = FMA(u, delta[t][i], p), q = FMA(w, delta[t][i], q);
        r[t][i] = FMA(w, a[n + 1][i], FMA(u, a[n][i], r[t][i]));
      }
      da[n][i] = p, da[n + 1][i] = q;
    }
}

static void backward(void) { exponentials(), replay(), retreat(), rates(); }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * t.tv_sec + t.tv_nsec;
}

static double best(void (*pass)(void)) { // ns of one of the lanes' updates, the fastest of many
  double best = 1e9;
  for (int k = 0; k < 4000; k++) {
    double start = now();
    for (int i = 0; i < 50; i++) pass();
    double ns = (now() - start) / (50. * T * N * P * W);
    best = ns < best ? ns : best;
  }
  return best;
}

int main(void) {
  for (int t = 0; t < T; t++)
    for (int i = 0; i < P; i++) delta[t][i] = x[t][i] = ALL(0.01f);
  for (int t = 0; t < T; t++) // or the compiler takes them for zeros and never loads them
    for (int n = 0; n < N; n++) b[t][n] = c[t][n] = 0.1f;
  for (int n = 0; n < N; n++) a[n][0] = a[n][1] = ALL(-1.f - n);
  double roof = best(exponentials), on = best(forward), back = best(backward);
  printf("ns per update: exponentials %.3f, forward %.3f (%.0f %%), backward %.3f (%.0f %%)\n", roof, on, 100 * roof / on,
         back, 100 * roof / back);
  printf("of backward: replay %.3f, retreat %.3f, rates %.3f\n", best(replay), best(retreat), best(rates));
}
