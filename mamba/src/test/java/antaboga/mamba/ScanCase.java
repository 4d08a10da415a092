// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.ops.Arrays;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A scan with random inputs; the same seed gives the same values in either type. */
record ScanCase(
    String layout,
    int batches,
    int width,
    int states,
    int length,
    String b,
    String c,
    boolean softplus,
    boolean d,
    boolean z,
    boolean bias,
    boolean initial) {

  static ScanCase of(int batches, int width, int states, int length) {
    return new ScanCase(
        "time last", batches, width, states, length, "1", "1", true, true, true, true, true);
  }

  ScanCase layout(String layout) {
    return new ScanCase(
        layout, batches, width, states, length, b, c, softplus, d, z, bias, initial);
  }

  ScanCase weights(String b, String c) {
    return new ScanCase(
        layout, batches, width, states, length, b, c, softplus, d, z, bias, initial);
  }

  ScanCase options(boolean softplus, boolean d, boolean z, boolean bias, boolean initial) {
    return new ScanCase(
        layout, batches, width, states, length, b, c, softplus, d, z, bias, initial);
  }

  private static INDArray random(Random random, double scale, double shift, long... shape) {
    var values =
        new double[Math.toIntExact(java.util.Arrays.stream(shape).reduce(1, (x, y) -> x * y))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (shift + scale * random.nextGaussian());
    }
    return Nd4j.create(values, shape, 'c');
  }

  private long[] weightShape(String kind) {
    boolean last = layout.equals("time last");
    return switch (kind) {
      case "constant" -> new long[] {width, states};
      case "1" ->
          last ? new long[] {batches, states, length} : new long[] {batches, length, states};
      default -> {
        long g = Long.parseLong(kind);
        yield last
            ? new long[] {batches, g, states, length}
            : new long[] {batches, length, g, states};
      }
    };
  }

  ScanInputs inputs(DataType type, long seed) {
    var r = new Random(seed);
    if (layout.equals("crossed")) {
      return crossed(type, r);
    }
    if (layout.equals("projected")) {
      return projected(null, 3, type, r);
    }
    boolean last = layout.equals("time last");
    var rows = last ? new long[] {batches, width, length} : new long[] {batches, length, width};
    var bShape = weightShape(b);
    var cShape = weightShape(c);
    var geometry =
        last
            ? ScanGeometry.timeLast(rows, states, bShape, cShape)
            : ScanGeometry.channelsLast(rows, states, bShape, cShape);
    return new ScanInputs(
        geometry,
        random(r, 1, 0, rows).castTo(type),
        random(r, 0.5, softplus ? -1 : 0.5, rows).castTo(type),
        null,
        random(r, 0.3, -1, width, states).castTo(type),
        random(r, 1, 0, bShape).castTo(type),
        random(r, 1, 0, cShape).castTo(type),
        optional(d, random(r, 1, 0, width).castTo(type)),
        optional(z, random(r, 1, 0, rows).castTo(type)),
        optional(bias, random(r, 0.3, 0, width).castTo(type)),
        optional(initial, random(r, 1, 0, batches, width, states).castTo(type)),
        softplus);
  }

  /** Three orders over a row: forwards, backwards and every second position first. */
  private ScanInputs crossed(DataType type, Random r) {
    var orders = new int[3][length];
    for (int t = 0; t < length; t++) {
      orders[0][t] = t;
      orders[1][t] = length - 1 - t;
      orders[2][t] = t < (length + 1) / 2 ? 2 * t : 2 * (t - (length + 1) / 2) + 1;
    }
    return projected(List.of(orders), 2, type, r);
  }

  private ScanInputs projected(@Nullable List<int[]> orders, int rank, DataType type, Random r) {
    long k = orders == null ? 1 : orders.size();
    long w = k * width;
    var rows = new long[] {batches, length, width};
    var p = random(r, 0.5, 0.5, batches, length, k * (rank + 2 * states)).castTo(type);
    return new ScanInputs(
        ScanGeometry.projected(rows, states, rank, orders),
        random(r, 1, 0, rows).castTo(type),
        p,
        random(r, 0.1, 0.4, w, rank).castTo(type),
        random(r, 0.3, -1, w, states).castTo(type),
        p,
        p,
        optional(d, random(r, 1, 0, w).castTo(type)),
        optional(z && k == 1, random(r, 1, 0, rows).castTo(type)),
        optional(bias, random(r, 0.1, 0.3, w).castTo(type)),
        optional(initial, random(r, 1, 0, batches, w, states).castTo(type)),
        softplus);
  }

  INDArray like(INDArray array, long seed) {
    return random(new Random(seed), 1, 0, array.shape()).castTo(array.dataType());
  }

  /** Everything a kernel gives for this case, by name. */
  Map<String, INDArray> run(ScanKernel kernel, DataType type) {
    var x = inputs(type, 7);
    var result = kernel.forward(x, true);
    var out = new LinkedHashMap<String, INDArray>();
    out.put("y", result.y());
    out.put("last", result.last());
    var gradients = kernel.backward(x, result, like(result.y(), 8), like(result.last(), 9));
    for (RecordComponent component : ScanKernel.Gradients.class.getRecordComponents()) {
      try {
        component.getAccessor().setAccessible(true);
        if (component.getAccessor().invoke(gradients) instanceof INDArray array) {
          out.put("d" + component.getName(), array);
        }
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }
    return out;
  }

  /** The elements in row-major order. */
  static double[] values(INDArray array) {
    return array.dup('c').reshape(array.length()).castTo(DataType.DOUBLE).toDoubleVector();
  }

  private static @Nullable INDArray optional(boolean present, INDArray array) {
    return present ? Arrays.contiguous(array) : null;
  }
}
