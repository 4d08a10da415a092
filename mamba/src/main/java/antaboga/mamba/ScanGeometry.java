// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import java.util.List;
import org.apache.commons.math3.util.ArithmeticUtils;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a scan and how its arrays are laid out. There are groups × channels scans over the
 * length for each batch; the channels of a group share B and C.
 *
 * @param rank number of factors that delta is made of, or 0 where it is given for each channel
 * @param u also the layout of z and of the output; groups that share it add up their outputs
 * @param b of B; without a time stride it is constant, one value for each channel and state
 * @param orders for each group the position in the arrays of each time step, or null for 0, 1, …
 */
record ScanGeometry(
    int batches,
    int groups,
    int channels,
    int length,
    int states,
    int rank,
    ScanStrides u,
    ScanStrides delta,
    ScanStrides b,
    ScanStrides c,
    @Nullable List<int[]> orders) {

  /**
   * Time last: u (B, D, L).
   *
   * @param b shape of B: (D, N), (B, N, L) or (B, G, N, L); so is c
   */
  static ScanGeometry timeLast(long[] u, int states, long[] b, long[] c) {
    int width = Math.toIntExact(u[1]);
    long length = u[2];
    int groups = groups(b.length == 4 ? b[1] : 1, c.length == 4 ? c[1] : 1);
    int channels = width / groups;
    var rows = ScanStrides.of(width * length, channels * length, length, 0, 1);
    return new ScanGeometry(
        Math.toIntExact(u[0]),
        groups,
        channels,
        Math.toIntExact(length),
        states,
        0,
        rows,
        rows,
        timeLast(b, groups, channels),
        timeLast(c, groups, channels),
        null);
  }

  private static ScanStrides timeLast(long[] shape, int groups, int channels) {
    if (shape.length == 2) {
      return constant(shape[1], channels);
    }
    long states = shape[shape.length - 2];
    long length = shape[shape.length - 1];
    int own = shape.length == 4 ? Math.toIntExact(shape[1]) : 1;
    return ScanStrides.of(own * states * length, states * length, 0, length, 1)
        .shared(groups / own);
  }

  /**
   * Channels last: u (B, L, D).
   *
   * @param b shape of B: (D, N), (B, L, N) or (B, L, G, N); so is c
   */
  static ScanGeometry channelsLast(long[] u, int states, long[] b, long[] c) {
    int width = Math.toIntExact(u[2]);
    long length = u[1];
    int groups = groups(b.length == 4 ? b[2] : 1, c.length == 4 ? c[2] : 1);
    int channels = width / groups;
    var rows = ScanStrides.of(length * width, channels, 1, 0, width);
    return new ScanGeometry(
        Math.toIntExact(u[0]),
        groups,
        channels,
        Math.toIntExact(length),
        states,
        0,
        rows,
        rows,
        channelsLast(b, groups, channels),
        channelsLast(c, groups, channels),
        null);
  }

  private static ScanStrides channelsLast(long[] shape, int groups, int channels) {
    if (shape.length == 2) {
      return constant(shape[1], channels);
    }
    long states = shape[shape.length - 1];
    int own = shape.length == 4 ? Math.toIntExact(shape[2]) : 1;
    return ScanStrides.of(shape[1] * own * states, states, 0, 1, own * states).shared(groups / own);
  }

  /**
   * Channels last, with all that depends on time in one array: u (B, L, D), p (B, L, K·(R + 2N)),
   * of which each of the K groups has R factors of delta, then B, then C. The groups read one u,
   * and their outputs are summed.
   *
   * @param orders for each group the order in which it visits the positions, or null for K = 1
   */
  static ScanGeometry projected(long[] u, int states, int rank, @Nullable List<int[]> orders) {
    int groups = orders == null ? 1 : orders.size();
    long length = u[1];
    long width = u[2];
    long part = rank + 2L * states;
    var rows = ScanStrides.of(length * width, 0, 1, 0, width);
    var weights = ScanStrides.of(length * groups * part, part, 0, 1, groups * part);
    return new ScanGeometry(
        Math.toIntExact(u[0]),
        groups,
        Math.toIntExact(width),
        Math.toIntExact(length),
        states,
        rank,
        rows,
        weights,
        weights.from(rank),
        weights.from(rank + states),
        orders);
  }

  private static ScanStrides constant(long states, int channels) {
    return ScanStrides.of(0, channels * states, states, 1, 0);
  }

  /** The fewest groups of channels whose members share both B and C. */
  private static int groups(long b, long c) {
    return Math.toIntExact(ArithmeticUtils.lcm(b, c));
  }

  /** Whether the groups read one u and add into one output. */
  boolean shared() {
    return groups > 1 && u.group() == 0;
  }

  boolean constantB() {
    return b.channel() != 0;
  }

  boolean constantC() {
    return c.channel() != 0;
  }

  /** Where time step t of a group stands along the arrays. */
  int position(int g, int t) {
    return orders == null ? t : orders.get(g)[t];
  }

  /** The number of scans of one batch, D of the arrays A, D, delta bias and states. */
  int width() {
    return groups * channels;
  }
}
