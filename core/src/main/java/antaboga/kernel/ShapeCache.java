// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.nio.LongBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.BaseShapeInfoProvider;
import org.nd4j.linalg.factory.Nd4jBackend;

/**
 * Remembers what ND4J's native side says of a shape. ND4J 1.0.0-M2.1 asks it anew for every array,
 * views included, and leaves a native object behind for the collector each time: some 10
 * microseconds, ten times what the rest of a small array takes.
 *
 * <p>ND4J makes this object, by the name in its property {@code shapeinfoprovider}; another name
 * there is respected.
 */
public final class ShapeCache extends BaseShapeInfoProvider {
  private static final String PROPERTY = "shapeinfoprovider";

  /** Shapes beyond are not remembered, so that a program that never repeats one does not grow. */
  static final int MOST = 10_000;

  private record Key(
      LongBuffer shape, LongBuffer strides, long step, char order, DataType type, boolean empty) {
    static Key of(
        long[] shape, long[] strides, long step, char order, DataType type, boolean empty) {
      return new Key(LongBuffer.wrap(shape), LongBuffer.wrap(strides), step, order, type, empty);
    }
  }

  private final Map<Key, Pair<DataBuffer, long[]>> known = new ConcurrentHashMap<>();

  /**
   * Asks ND4J to take this class, unless the user named one, ND4J's CUDA backend has its own, or
   * ND4J's class loader would not find it.
   */
  static void install() {
    if (System.getProperty(PROPERTY) == null
        && !Backend.isCuda()
        && ShapeCache.class.getClassLoader() == Nd4jBackend.class.getClassLoader()) {
      System.setProperty(PROPERTY, ShapeCache.class.getName());
    }
  }

  @Override
  public Pair<DataBuffer, long[]> createShapeInformation(
      long[] shape, long[] strides, long step, char order, DataType type, boolean empty) {
    var found = known.get(Key.of(shape, strides, step, order, type, empty));
    if (found == null) {
      found = super.createShapeInformation(shape, strides, step, order, type, empty);
      if (known.size() < MOST) {
        known.put(Key.of(shape.clone(), strides.clone(), step, order, type, empty), found);
      }
    }
    return found;
  }

  @Override
  public void purgeCache() {
    known.clear();
  }
}
