// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The width of the vector bodies: the machine's own, or forced by {@code antaboga.test.lanes}. */
public final class VectorLanes {
  /** Vectors of floats; {@code -Dantaboga.test.lanes} is their number of bits. */
  public static final VectorSpecies<Float> FLOAT =
      Integer.getInteger("antaboga.test.lanes") == null
          ? FloatVector.SPECIES_PREFERRED
          : VectorSpecies.of(
              float.class, VectorShape.forBitSize(Integer.getInteger("antaboga.test.lanes")));

  private VectorLanes() {}

  /** How many floats are handled at once. */
  static int floats() {
    return FLOAT.length();
  }
}
