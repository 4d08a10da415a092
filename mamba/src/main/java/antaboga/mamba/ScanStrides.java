// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

/**
 * Where an element (batch, group, channel in the group, state, time) stands in a dense array. An
 * axis that the array does not have, or shares, has stride 0.
 *
 * @param offset of the very first element
 * @param share this many consecutive groups see the same group of the array
 */
record ScanStrides(
    long offset, long batch, long group, int share, long channel, long state, long time) {
  static ScanStrides of(long batch, long group, long channel, long state, long time) {
    return new ScanStrides(0, batch, group, 1, channel, state, time);
  }

  ScanStrides shared(int groups) {
    return new ScanStrides(offset, batch, group, groups, channel, state, time);
  }

  ScanStrides from(long first) {
    return new ScanStrides(first, batch, group, share, channel, state, time);
  }

  /** The first element of a batch's group. */
  long base(int b, int g) {
    return offset + b * batch + g / share * group;
  }
}
