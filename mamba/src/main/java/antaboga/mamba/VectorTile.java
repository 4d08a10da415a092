// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import antaboga.kernel.VectorLanes;
import antaboga.kernel.VectorMath;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The working set of {@link VectorScan} and its inner loops: at most {@link #STEPS} time steps of
 * some vectors of channels. Each method is small, since a large one exceeds the compiler's inlining
 * budget and boxes its vectors.
 *
 * <p>Rows (u, delta, …) hold for each vector of channels one vector for each time step. Columns (h,
 * a, …) hold for each vector of channels one vector for each state. B and C hold for each segment
 * of {@value #SEGMENT} states one row of them for each time step. Methods work on vector of
 * channels {@code v} and the states from {@code n} on.
 */
final class VectorTile {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  /** Lanes of a vector: channels that are scanned together. */
  static final int LANES = SPECIES.length();

  /** Time steps of a tile. */
  static final int STEPS = 16;

  /** States in a block of decays and of history. */
  static final int BLOCK = 4;

  /** States of a row of B or C. A constant, so that the bounds of a whole loop are checked once. */
  static final int SEGMENT = 16;

  private static final int DECAYS = STEPS * LANES;
  private static final int HISTORY = (STEPS + 1) * LANES;

  // adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits
  private static final float ROUND = 0x1.8p23f;

  // beyond this a power of two is not computed by its exponent alone
  private static final float SAFE_EXPONENT = 126f;
  private static final float LOG2_E = 0x1.715476p0f;

  // e^-87.3 is the smallest that is computed by its exponent alone
  private static final float FARTHEST = 87.3f;

  final int states;
  final int rank;
  final int vectors;
  final int stride;

  final float[] u;
  final float[] raw; // delta + bias
  final float[] delta; // δ', after softplus
  final float[] x; // δ' u
  final float[] y;
  final float[] z;
  final float[] g; // gradient of y
  final float[] s; // Σ e B over the states
  final float[] r; // Σ q A over the states

  final float[] a;
  final float[] h; // state before the tile's first step
  final float[] lambda; // gradient of the state after the tile's last step
  final float[] da;
  final float[] columnB; // constant B and C, and the sums of their gradients
  final float[] columnC;
  final float[] dcolumnB;
  final float[] dcolumnC;
  private final float[] a2; // A log2 e

  final float[] d;
  final float[] bias;
  final float[] dd;
  final float[] dbias;
  private final float[] bound; // largest |A log2 e| of the states

  final float[] b; // segments of rows
  final float[] c;
  final float[] factors; // rows of R factors of delta
  final float[] weights; // columns that turn them into delta
  final float[] dweights;
  final float[] dfactors; // as db
  final float[] db; // in each row a vector for each state, to be summed over the lanes
  final float[] dc;
  private final float[] spread; // C or B in all lanes, where the other is constant

  /** Rows as they stand in an array, all channels of a step side by side. */
  final float[] staging;

  private final float[] decay = new float[BLOCK * DECAYS];
  private final float[] history = new float[BLOCK * HISTORY];

  /** The time steps that are in use. */
  int steps;

  VectorTile(int vectors, int states, int rank) {
    this.vectors = vectors;
    this.states = states;
    this.rank = rank;
    stride = vectors * LANES;
    u = rows();
    raw = rows();
    delta = rows();
    x = rows();
    y = rows();
    z = rows();
    g = rows();
    s = rows();
    r = rows();
    a = columns();
    h = columns();
    lambda = columns();
    da = columns();
    columnB = columns();
    columnC = columns();
    dcolumnB = columns();
    dcolumnC = columns();
    a2 = columns();
    d = new float[stride];
    bias = new float[stride];
    dd = new float[stride];
    dbias = new float[stride];
    bound = new float[stride];
    factors = new float[STEPS * rank];
    weights = new float[stride * rank];
    dweights = new float[stride * rank];
    dfactors = new float[STEPS * rank * LANES];
    int padded = (states + SEGMENT - 1) / SEGMENT * SEGMENT;
    b = new float[STEPS * padded];
    c = new float[STEPS * padded];
    db = new float[STEPS * padded * LANES];
    dc = new float[STEPS * padded * LANES];
    staging = new float[STEPS * Math.max(stride, padded)];
    spread = new float[STEPS * LANES];
  }

  boolean fits(int vectors, int states, int rank) {
    return this.vectors == vectors && this.states == states && this.rank == rank;
  }

  private float[] rows() {
    return new float[STEPS * stride];
  }

  private float[] columns() {
    return new float[stride * states];
  }

  private static FloatVector load(float[] from, int at) {
    return FloatVector.fromArray(SPECIES, from, at);
  }

  private static FloatVector broadcast(float x) {
    return FloatVector.broadcast(SPECIES, x);
  }

  /** The row of a vector of channels at the first step; the next step's follows it. */
  private static int row(int v) {
    return v * STEPS * LANES;
  }

  /** A state's place in the first row of its segment. */
  private static int segment(int n) {
    return n / SEGMENT * STEPS * SEGMENT + n % SEGMENT;
  }

  private int column(int v, int n) {
    return (v * states + n) * LANES;
  }

  /** Derives what only depends on A; to be called when {@link #a} was filled. */
  void prepare() {
    for (int v = 0; v < vectors; v++) {
      var largest = FloatVector.zero(SPECIES);
      for (int n = 0; n < states; n++) {
        var rate = load(a, column(v, n)).mul(LOG2_E);
        rate.intoArray(a2, column(v, n));
        largest = largest.max(rate.abs());
      }
      largest.intoArray(bound, v * LANES);
    }
  }

  // ---- between arrays and rows ----

  /** Fills rows from {@link #staging}. */
  void arrange(float[] rows) {
    for (int v = 0; v < vectors; v++) {
      for (int t = 0; t < steps; t++) {
        load(staging, t * stride + v * LANES).intoArray(rows, row(v) + t * LANES);
      }
    }
  }

  /** Fills {@link #staging} from rows. */
  void collect(float[] rows) {
    for (int v = 0; v < vectors; v++) {
      for (int t = 0; t < steps; t++) {
        load(rows, row(v) + t * LANES).intoArray(staging, t * stride + v * LANES);
      }
    }
  }

  /** Fills segments from rows of all states in {@link #staging}. */
  void arrangeStates(float[] segments) {
    for (int t = 0; t < steps; t++) {
      for (int n = 0; n < states; n++) {
        segments[segment(n) + t * SEGMENT] = staging[t * states + n];
      }
    }
  }

  /** Fills {@link #staging} with rows of all states from segments. */
  void collectStates(float[] segments) {
    for (int t = 0; t < steps; t++) {
      for (int n = 0; n < states; n++) {
        staging[t * states + n] = segments[segment(n) + t * SEGMENT];
      }
    }
  }

  // ---- the rows of one vector of channels ----

  /** raw = factors × weights. */
  void project(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var sum = FloatVector.zero(SPECIES);
      for (int k = 0; k < rank; k++) {
        sum = load(weights, (v * rank + k) * LANES).fma(broadcast(factors[t * rank + k]), sum);
      }
      sum.intoArray(raw, i);
    }
  }

  /** dweights += factors × r, dfactors += weights × r. */
  void unproject(int v) {
    for (int k = 0; k < rank; k++) {
      int column = (v * rank + k) * LANES;
      var weight = load(weights, column);
      var sum = load(dweights, column);
      for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
        int m = (t * rank + k) * LANES;
        var rt = load(r, i);
        sum = rt.fma(broadcast(factors[t * rank + k]), sum);
        rt.fma(weight, load(dfactors, m)).intoArray(dfactors, m);
      }
      sum.intoArray(dweights, column);
    }
  }

  /** raw += bias. */
  void addBias(int v) {
    var shift = load(bias, v * LANES);
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      load(raw, i).add(shift).intoArray(raw, i);
    }
  }

  /** delta = softplus(raw) = max(raw, 0) + 2 artanh(e / (2 + e)), e = e^-|raw|. */
  void softplus(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var rt = load(raw, i);
      var e = decaying(rt);
      var positive = rt.blend(0f, rt.compare(LT, 0f));
      artanh(e.div(e.add(2f))).add(positive).intoArray(delta, i);
    }
  }

  /** e^-|x|, from 2^-126 on. */
  private static FloatVector decaying(FloatVector x) {
    var magnitude = x.abs();
    var bounded = magnitude.blend(FARTHEST, magnitude.compare(GE, FARTHEST));
    return power(bounded, broadcast(-LOG2_E));
  }

  /** 2 artanh(s) for s up to 1/3. */
  private static FloatVector artanh(FloatVector s) {
    var q = s.mul(s);
    var p = q.fma(broadcast(0x1.f17342p-3f), broadcast(0x1.b6e6ccp-3f));
    p = p.fma(q, broadcast(0x1.2508b2p-2f));
    p = p.fma(q, broadcast(0x1.9996bp-2f));
    p = p.fma(q, broadcast(0x1.555558p-1f));
    return p.mul(q).fma(s, s.add(s));
  }

  /** delta = raw. */
  void noSoftplus(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      load(raw, i).intoArray(delta, i);
    }
  }

  /** x = delta u and y += D u. */
  void enter(int v) {
    var skip = load(d, v * LANES);
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var ut = load(u, i);
      load(delta, i).mul(ut).intoArray(x, i);
      ut.fma(skip, load(y, i)).intoArray(y, i);
    }
  }

  /** y *= silu(z). */
  void gate(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      load(y, i).mul(VectorMath.silu(load(z, i))).intoArray(y, i);
    }
  }

  /**
   * With g the gradient of y silu(z): y becomes the gradient of z, and g the gradient of y;
   * silu'(z) = p (1 + z (1 - p)), p = sigmoid(z).
   */
  void ungate(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var zt = load(z, i);
      var gt = load(g, i);
      var p = VectorMath.sigmoid(zt);
      var q = zt.mul(p); // silu
      load(y, i).mul(gt).mul(p.add(q).sub(q.mul(p))).intoArray(y, i);
      gt.mul(q).intoArray(g, i);
    }
  }

  /** g *= silu(z). */
  void gateGradient(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      load(g, i).mul(VectorMath.silu(load(z, i))).intoArray(g, i);
    }
  }

  /** s becomes the gradient of u and r that of delta; adds to those of D. */
  void leave(int v) {
    var skip = load(d, v * LANES);
    var sum = load(dd, v * LANES);
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var ut = load(u, i);
      var gt = load(g, i);
      var st = load(s, i);
      st.fma(ut, load(r, i)).intoArray(r, i);
      st.fma(load(delta, i), gt.mul(skip)).intoArray(s, i);
      sum = gt.fma(ut, sum);
    }
    sum.intoArray(dd, v * LANES);
  }

  /** r *= softplus'(raw) = 1 / (1 + e) where raw is positive, else e / (1 + e). */
  void softplusSlope(int v) {
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      var rt = load(raw, i);
      var e = decaying(rt);
      var above = e.blend(1f, rt.compare(GE, 0f));
      load(r, i).mul(above).div(e.add(1f)).intoArray(r, i);
    }
  }

  /** dbias += r. */
  void sumBias(int v) {
    var sum = load(dbias, v * LANES);
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      sum = sum.add(load(r, i));
    }
    sum.intoArray(dbias, v * LANES);
  }

  // ---- decays ----

  /** e^(δ A) of {@code count} states: 2^(δ A log2 e), by the fast way where exponents allow it. */
  void decays(int v, int n, int count, boolean safe) {
    for (int k = 0; k < count; k++) {
      if (safe) {
        safeDecays(row(v), column(v, n + k), k * DECAYS);
      } else {
        anyDecays(row(v), column(v, n + k), k * DECAYS);
      }
    }
  }

  /** The i-th of the block's decays, which benchmarks check. */
  float decay(int i) {
    return decay[i];
  }

  /** Whether all exponents of this vector of channels are within what the fast way can do. */
  boolean safe(int v) {
    var largest = FloatVector.zero(SPECIES);
    for (int t = 0, i = row(v); t < steps; t++, i += LANES) {
      largest = largest.max(load(delta, i).abs());
    }
    return largest.mul(load(bound, v * LANES)).compare(LE, SAFE_EXPONENT).allTrue();
  }

  private void safeDecays(int at, int column, int to) {
    var rate = load(a2, column);
    for (int t = 0, i = at, o = to; t < steps; t++, i += LANES, o += LANES) {
      power(load(delta, i), rate).intoArray(decay, o);
    }
  }

  /** For any exponent: infinite, zero and NaN where they should be. */
  private void anyDecays(int at, int column, int to) {
    var rate = load(a2, column);
    for (int t = 0, i = at, o = to; t < steps; t++, i += LANES, o += LANES) {
      var dt = load(delta, i);
      var exponent = dt.mul(rate);
      power(dt, rate)
          .blend(0f, exponent.compare(LT, -SAFE_EXPONENT))
          .blend(Float.POSITIVE_INFINITY, exponent.compare(GE, 128f))
          .blend(exponent, exponent.test(IS_NAN))
          .intoArray(decay, o);
    }
  }

  /**
   * 2^(x rate): a minimax polynomial of degree 5 for the fraction, exactly one at zero, relative
   * error 9e-8; the integer is added to its exponent. The product is never rounded by itself.
   */
  private static FloatVector power(FloatVector x, FloatVector rate) {
    var shifted = x.fma(rate, broadcast(ROUND));
    var f = x.fma(rate, broadcast(ROUND).sub(shifted));
    var p = f.fma(broadcast(0x1.5bb986p-10f), broadcast(0x1.3ceb1p-7f));
    p = p.fma(f, broadcast(0x1.c6b758p-5f));
    p = p.fma(f, broadcast(0x1.ebf9bap-3f));
    p = p.fma(f, broadcast(0x1.62e42ap-1f));
    p = p.fma(f, broadcast(1f));
    var exponent = shifted.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  // ---- forwards ----

  /** Four states: h = decay h + x B, y += C h. */
  void advance4(int v, int n) {
    int column = column(v, n);
    var h0 = load(h, column);
    var h1 = load(h, column + LANES);
    var h2 = load(h, column + 2 * LANES);
    var h3 = load(h, column + 3 * LANES);
    for (int t = 0; t < steps; t++) {
      int i = row(v) + t * LANES;
      int k = segment(n) + t * SEGMENT;
      int o = t * LANES;
      var xt = load(x, i);
      h0 = h0.fma(load(decay, o), xt.mul(b[k]));
      h1 = h1.fma(load(decay, o + DECAYS), xt.mul(b[k + 1]));
      h2 = h2.fma(load(decay, o + 2 * DECAYS), xt.mul(b[k + 2]));
      h3 = h3.fma(load(decay, o + 3 * DECAYS), xt.mul(b[k + 3]));
      var y0 = h0.fma(broadcast(c[k]), h1.mul(c[k + 1]));
      var y1 = h2.fma(broadcast(c[k + 2]), h3.mul(c[k + 3]));
      load(y, i).add(y0.add(y1)).intoArray(y, i);
    }
    h0.intoArray(h, column);
    h1.intoArray(h, column + LANES);
    h2.intoArray(h, column + 2 * LANES);
    h3.intoArray(h, column + 3 * LANES);
  }

  /** One state, the k-th of the block. */
  void advance1(int v, int n, int k) {
    var h0 = load(h, column(v, n));
    for (int t = 0; t < steps; t++) {
      int i = row(v) + t * LANES;
      int o = k * DECAYS + t * LANES;
      h0 = h0.fma(load(decay, o), load(x, i).mul(b[segment(n) + t * SEGMENT]));
      h0.fma(broadcast(c[segment(n) + t * SEGMENT]), load(y, i)).intoArray(y, i);
    }
    h0.intoArray(h, column(v, n));
  }

  /** One state where B, C or both are constant: their lanes differ. */
  void advanceLanes(int v, int n, int k, boolean constantB, boolean constantC) {
    if (constantB && constantC) {
      advanceLanes(v, n, k, columnB, column(v, n), 0, columnC, column(v, n), 0);
    } else if (constantB) {
      spread(c, n);
      advanceLanes(v, n, k, columnB, column(v, n), 0, spread, 0, LANES);
    } else {
      spread(b, n);
      advanceLanes(v, n, k, spread, 0, LANES, columnC, column(v, n), 0);
    }
  }

  private void advanceLanes(
      int v, int n, int k, float[] b, int bAt, int bStep, float[] c, int cAt, int cStep) {
    var h0 = load(h, column(v, n));
    for (int t = 0; t < steps; t++) {
      int i = row(v) + t * LANES;
      int o = k * DECAYS + t * LANES;
      h0 = h0.fma(load(decay, o), load(x, i).mul(load(b, bAt + t * bStep)));
      h0.fma(load(c, cAt + t * cStep), load(y, i)).intoArray(y, i);
    }
    h0.intoArray(h, column(v, n));
  }

  /** Writes a state's float of each row into all lanes of a vector. */
  private void spread(float[] rows, int n) {
    for (int t = 0; t < steps; t++) {
      broadcast(rows[segment(n) + t * SEGMENT]).intoArray(spread, t * LANES);
    }
  }

  // ---- backwards ----

  /** The history of four states: the state before each step and after the last. */
  void replay4(int v, int n) {
    int column = column(v, n);
    var h0 = load(h, column);
    var h1 = load(h, column + LANES);
    var h2 = load(h, column + 2 * LANES);
    var h3 = load(h, column + 3 * LANES);
    for (int t = 0; t < steps; t++) {
      int k = segment(n) + t * SEGMENT;
      int o = t * LANES;
      h0.intoArray(history, o);
      h1.intoArray(history, o + HISTORY);
      h2.intoArray(history, o + 2 * HISTORY);
      h3.intoArray(history, o + 3 * HISTORY);
      var xt = load(x, row(v) + t * LANES);
      h0 = h0.fma(load(decay, o), xt.mul(b[k]));
      h1 = h1.fma(load(decay, o + DECAYS), xt.mul(b[k + 1]));
      h2 = h2.fma(load(decay, o + 2 * DECAYS), xt.mul(b[k + 2]));
      h3 = h3.fma(load(decay, o + 3 * DECAYS), xt.mul(b[k + 3]));
    }
    int end = steps * LANES;
    h0.intoArray(history, end);
    h1.intoArray(history, end + HISTORY);
    h2.intoArray(history, end + 2 * HISTORY);
    h3.intoArray(history, end + 3 * HISTORY);
  }

  /** The history of one state. */
  void replay1(int v, int n, int k) {
    var h0 = load(h, column(v, n));
    h0.intoArray(history, k * HISTORY);
    for (int t = 0; t < steps; t++) {
      var xb = load(x, row(v) + t * LANES).mul(b[segment(n) + t * SEGMENT]);
      h0 = h0.fma(load(decay, k * DECAYS + t * LANES), xb);
      h0.intoArray(history, k * HISTORY + (t + 1) * LANES);
    }
  }

  /** The history of one state with a constant B. */
  void replayColumn(int v, int n, int k) {
    var h0 = load(h, column(v, n));
    var rate = load(columnB, column(v, n));
    h0.intoArray(history, k * HISTORY);
    for (int t = 0; t < steps; t++) {
      var xb = load(x, row(v) + t * LANES).mul(rate);
      h0 = h0.fma(load(decay, k * DECAYS + t * LANES), xb);
      h0.intoArray(history, k * HISTORY + (t + 1) * LANES);
    }
  }

  /** y += C h of the k-th state of the block; only the gate's gradient needs y again. */
  void output(int v, int n, int k) {
    for (int t = 0; t < steps; t++) {
      int i = row(v) + t * LANES;
      load(history, k * HISTORY + (t + 1) * LANES)
          .fma(broadcast(c[segment(n) + t * SEGMENT]), load(y, i))
          .intoArray(y, i);
    }
  }

  /** As {@link #output} with a constant C. */
  void outputColumn(int v, int n, int k) {
    var weight = load(columnC, column(v, n));
    for (int t = 0; t < steps; t++) {
      int i = row(v) + t * LANES;
      load(history, k * HISTORY + (t + 1) * LANES).fma(weight, load(y, i)).intoArray(y, i);
    }
  }

  /**
   * Two states backwards in time, the k-th of the block and the next. With e = C g + λ: dC += g h,
   * dB += e x, s += e B; then λ = decay e, q = λ h of the step before, dA += q δ, r += q A.
   */
  void retreat2(int v, int n, int k) {
    int column = column(v, n);
    var l0 = load(lambda, column);
    var l1 = load(lambda, column + LANES);
    var a0 = load(a, column);
    var a1 = load(a, column + LANES);
    var da0 = load(da, column);
    var da1 = load(da, column + LANES);
    int last = k * HISTORY + steps * LANES;
    var h0 = load(history, last);
    var h1 = load(history, last + HISTORY);
    for (int t = steps - 1; t >= 0; t--) {
      int i = row(v) + t * LANES;
      int j = segment(n) + t * SEGMENT;
      int m = j * LANES;
      int o = k * DECAYS + t * LANES;
      int p = k * HISTORY + t * LANES;
      var gt = load(g, i);
      var xt = load(x, i);
      var dt = load(delta, i);
      var e0 = gt.fma(broadcast(c[j]), l0);
      var e1 = gt.fma(broadcast(c[j + 1]), l1);
      gt.fma(h0, load(dc, m)).intoArray(dc, m);
      gt.fma(h1, load(dc, m + LANES)).intoArray(dc, m + LANES);
      e0.fma(xt, load(db, m)).intoArray(db, m);
      e1.fma(xt, load(db, m + LANES)).intoArray(db, m + LANES);
      load(s, i).add(e0.fma(broadcast(b[j]), e1.mul(b[j + 1]))).intoArray(s, i);
      l0 = e0.mul(load(decay, o));
      l1 = e1.mul(load(decay, o + DECAYS));
      h0 = load(history, p);
      h1 = load(history, p + HISTORY);
      var q0 = l0.mul(h0);
      var q1 = l1.mul(h1);
      da0 = q0.fma(dt, da0);
      da1 = q1.fma(dt, da1);
      load(r, i).add(q0.fma(a0, q1.mul(a1))).intoArray(r, i);
    }
    l0.intoArray(lambda, column);
    l1.intoArray(lambda, column + LANES);
    da0.intoArray(da, column);
    da1.intoArray(da, column + LANES);
  }

  /** One state backwards, B and C given for each lane or spread. */
  void retreatLanes(int v, int n, int k, boolean constantB, boolean constantC) {
    if (constantB && constantC) {
      retreatLanes(v, n, k, columnB, column(v, n), 0, columnC, column(v, n), 0);
    } else if (constantB) {
      spread(c, n);
      retreatLanes(v, n, k, columnB, column(v, n), 0, spread, 0, LANES);
    } else {
      spread(b, n);
      retreatLanes(v, n, k, spread, 0, LANES, columnC, column(v, n), 0);
    }
  }

  private void retreatLanes(
      int v, int n, int k, float[] b, int bAt, int bStep, float[] c, int cAt, int cStep) {
    int column = column(v, n);
    var l0 = load(lambda, column);
    var a0 = load(a, column);
    var da0 = FloatVector.zero(SPECIES);
    for (int t = steps - 1; t >= 0; t--) {
      int i = row(v) + t * LANES;
      int m = (segment(n) + t * SEGMENT) * LANES;
      int p = k * HISTORY + t * LANES;
      var gt = load(g, i);
      var e0 = gt.fma(load(c, cAt + t * cStep), l0);
      gt.fma(load(history, p + LANES), load(dc, m)).intoArray(dc, m);
      e0.fma(load(x, i), load(db, m)).intoArray(db, m);
      e0.fma(load(b, bAt + t * bStep), load(s, i)).intoArray(s, i);
      l0 = e0.mul(load(decay, k * DECAYS + t * LANES));
      var q0 = l0.mul(load(history, p));
      da0 = q0.fma(load(delta, i), da0);
      q0.fma(a0, load(r, i)).intoArray(r, i);
    }
    l0.intoArray(lambda, column);
    load(da, column).add(da0).intoArray(da, column);
  }

  /** One state backwards, the k-th of the block; see {@link #retreat2}. */
  void retreat1(int v, int n, int k) {
    int column = column(v, n);
    var l0 = load(lambda, column);
    var a0 = load(a, column);
    var da0 = FloatVector.zero(SPECIES);
    for (int t = steps - 1; t >= 0; t--) {
      int i = row(v) + t * LANES;
      int j = segment(n) + t * SEGMENT;
      int m = j * LANES;
      int p = k * HISTORY + t * LANES;
      var gt = load(g, i);
      var e0 = gt.fma(broadcast(c[j]), l0);
      gt.fma(load(history, p + LANES), load(dc, m)).intoArray(dc, m);
      e0.fma(load(x, i), load(db, m)).intoArray(db, m);
      e0.fma(broadcast(b[j]), load(s, i)).intoArray(s, i);
      l0 = e0.mul(load(decay, k * DECAYS + t * LANES));
      var q0 = l0.mul(load(history, p));
      da0 = q0.fma(load(delta, i), da0);
      q0.fma(a0, load(r, i)).intoArray(r, i);
    }
    l0.intoArray(lambda, column);
    load(da, column).add(da0).intoArray(da, column);
  }

  /** Moves the gradient of a constant B or C of one vector of channels out of its rows. */
  void sumColumn(int v, int n, float[] rows, float[] columns) {
    var sum = load(columns, column(v, n));
    for (int t = 0; t < steps; t++) {
      int m = (segment(n) + t * SEGMENT) * LANES;
      sum = sum.add(load(rows, m));
      FloatVector.zero(SPECIES).intoArray(rows, m);
    }
    sum.intoArray(columns, column(v, n));
  }

  /**
   * Replaces the vectors by their sums over the lanes, one float for each, at the start of the
   * array. A fixed tree, where {@code reduceLanes} leaves the order open: neighbours are folded
   * into the halves of one vector, pairs into its quarters, and so on.
   */
  static void sumLanes(float[] vectors) {
    int count = vectors.length / LANES;
    for (int level = 0, half = 1; half < LANES; level++, half *= 2) {
      count /= 2;
      fold(vectors, count, SECOND.get(level), SWAP.get(level));
    }
  }

  private static final List<VectorMask<Float>> SECOND =
      levels().mapToObj(VectorTile::second).toList();
  private static final List<VectorShuffle<Float>> SWAP =
      levels().mapToObj(half -> VectorShuffle.fromOp(SPECIES, i -> i ^ half)).toList();

  private static IntStream levels() {
    return IntStream.iterate(1, half -> half < LANES, half -> 2 * half);
  }

  private static VectorMask<Float> second(int half) {
    var lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & half) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }

  private static void fold(
      float[] vectors, int count, VectorMask<Float> second, VectorShuffle<Float> swap) {
    for (int i = 0; i < count; i++) {
      var p = load(vectors, 2 * i * LANES);
      var q = load(vectors, (2 * i + 1) * LANES);
      p.blend(q, second).add(q.blend(p, second).rearrange(swap)).intoArray(vectors, i * LANES);
    }
  }
}
