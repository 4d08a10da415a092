// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

/** Seeds made of other numbers; the same on every machine and in every release. */
final class Seeds {
  private Seeds() {}

  /** A seed that depends on every part and on their order. */
  static long of(long... parts) {
    long seed = 0x9e3779b97f4a7c15L;
    for (long part : parts) {
      seed = mix(seed + part);
    }
    return seed;
  }

  /** FNV-1a. */
  static long of(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  /** The finaliser of SplitMix64 (Steele et al. 2014). */
  static long mix(long z) {
    z += 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
