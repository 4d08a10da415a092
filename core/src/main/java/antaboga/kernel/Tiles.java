// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.lang.ref.Reference;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Bulk copies between ND4J's off-heap arrays and Java arrays. The array is kept alive as long as
 * its tiles are: an address alone does not, and a temporary that is freed in mid-kernel gives wrong
 * numbers.
 *
 * <p>Positions count elements of the dense row-major array from its first one. Safe to use from
 * many threads on disjoint ranges.
 */
public final class Tiles {
  private static final FloatBuffer NO_FLOATS = FloatBuffer.allocate(0);

  /** Floats on their way to or from doubles, in a slot that no kernel uses. */
  private static final int BLOCK = 1024;

  private static final int BLOCK_SLOT = 62;

  private static final DoubleBuffer NO_DOUBLES = DoubleBuffer.allocate(0);

  private final INDArray array;
  private final FloatBuffer floats;
  private final DoubleBuffer doubles;

  private Tiles(INDArray array, FloatBuffer floats, DoubleBuffer doubles) {
    this.array = array;
    this.floats = floats;
    this.doubles = doubles;
  }

  /**
   * The tiles of a dense row-major array of floats or doubles.
   *
   * @throws IllegalArgumentException for another type, or one of more than 2^31 - 1 elements
   */
  public static Tiles of(INDArray array) {
    int offset = Math.toIntExact(array.offset());
    int length = Math.toIntExact(array.length());
    var type = array.dataType();
    if (type == DataType.FLOAT) {
      return new Tiles(array, array.data().asNioFloat().slice(offset, length), NO_DOUBLES);
    }
    if (type == DataType.DOUBLE) {
      return new Tiles(array, NO_FLOATS, array.data().asNioDouble().slice(offset, length));
    }
    throw new IllegalArgumentException("tiles of " + type + ", expected FLOAT or DOUBLE");
  }

  /** Copies {@code length} floats from the array at {@code position} into the tile. */
  public void read(long position, float[] tile, int at, int length) {
    try {
      floats.get((int) position, tile, at, length);
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  /** Copies {@code length} floats of the tile into the array at {@code position}. */
  public void write(long position, float[] tile, int at, int length) {
    try {
      floats.put((int) position, tile, at, length);
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  /** Copies {@code length} elements at {@code position} into the tile; floats are widened. */
  public void read(long position, double[] tile, int at, int length) {
    try {
      if (array.dataType() == DataType.FLOAT) {
        var block = Scratch.floats(BLOCK_SLOT, BLOCK);
        for (int done = 0; done < length; done += BLOCK) {
          int n = Math.min(BLOCK, length - done);
          floats.get((int) position + done, block, 0, n);
          for (int i = 0; i < n; i++) {
            tile[at + done + i] = block[i];
          }
        }
      } else {
        doubles.get((int) position, tile, at, length);
      }
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  /** Copies {@code length} elements of the tile to {@code position}; rounded in a float array. */
  public void write(long position, double[] tile, int at, int length) {
    try {
      if (array.dataType() == DataType.FLOAT) {
        var block = Scratch.floats(BLOCK_SLOT, BLOCK);
        for (int done = 0; done < length; done += BLOCK) {
          int n = Math.min(BLOCK, length - done);
          for (int i = 0; i < n; i++) {
            block[i] = (float) tile[at + done + i];
          }
          floats.put((int) position + done, block, 0, n);
        }
      } else {
        doubles.put((int) position, tile, at, length);
      }
    } finally {
      Reference.reachabilityFence(array);
    }
  }
}
