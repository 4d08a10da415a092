// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

/**
 * Where an element (batch, group, channel in the group, state, time) stands in a dense array. An
 * axis that the array does not have, or shares, has stride 0.
 *
 * @param share this many consecutive groups see the same group of the array
 */
record ScanStrides(long batch, long group, int share, long channel, long state, long time) {
  static ScanStrides of(long batch, long group, long channel, long state, long time) {
    return new ScanStrides(batch, group, 1, channel, state, time);
  }

  /** The first element of a batch's group. */
  long base(int b, int g) {
    return b * batch + g / share * group;
  }
}
