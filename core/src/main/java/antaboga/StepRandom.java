// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.util.random.RandomGenerator;

/**
 * The randomness of a step: SplitMix64, the numbers of {@link java.util.SplittableRandom}, which
 * cannot be copied. A copy goes on with the same numbers, so that a stretch can be repeated.
 *
 * <p>Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
 */
final class StepRandom implements RandomGenerator {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  StepRandom(long seed) {
    state = seed;
  }

  StepRandom copy() {
    return new StepRandom(state);
  }

  @Override
  public long nextLong() {
    state += GOLDEN_GAMMA;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
