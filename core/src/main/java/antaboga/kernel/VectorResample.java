// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Resampling of floats, one axis after the other: along rows element by element, then rows are
 * combined with lanes along them. Doubles take the scalar body.
 */
final class VectorResample implements ResampleKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  private final ScalarResample scalar = new ScalarResample();

  @Override
  public INDArray forward(INDArray x, Sampling vertical, Sampling horizontal) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, vertical, horizontal);
    }
    int height = vertical.inputs;
    int width = horizontal.inputs;
    int wide = VectorProduct.padded(horizontal.outputs);
    var shape = ScalarResample.shape(x, vertical.outputs, horizontal.outputs);
    var y = Arrays.empty(DataType.FLOAT, shape);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    var weights = floats(horizontal.weight);
    int planes = Math.toIntExact(x.length() / ((long) height * width));
    Split.of(planes, (long) vertical.outputs * horizontal.outputs)
        .run(
            (task, from, to) -> {
              var plane = Scratch.floats(0, height * width);
              var rows = Scratch.floats(1, height * wide);
              var out = Scratch.floats(2, wide);
              for (int p = from; p < to; p++) {
                source.read((long) p * height * width, plane, 0, height * width);
                for (int r = 0; r < height; r++) {
                  spread(plane, r * width, horizontal, weights, rows, r * wide);
                }
                for (int i = 0; i < vertical.outputs; i++) {
                  java.util.Arrays.fill(out, 0, wide, 0);
                  for (int t = i * vertical.taps; t < (i + 1) * vertical.taps; t++) {
                    addScaled(
                        rows, vertical.index[t] * wide, (float) vertical.weight[t], out, 0, wide);
                  }
                  long at = ((long) p * vertical.outputs + i) * horizontal.outputs;
                  target.write(at, out, 0, horizontal.outputs);
                }
              }
            });
    return y;
  }

  @Override
  public INDArray backward(INDArray gradient, Sampling vertical, Sampling horizontal) {
    if (gradient.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, vertical, horizontal);
    }
    int height = vertical.inputs;
    int width = horizontal.inputs;
    int wide = VectorProduct.padded(horizontal.outputs);
    var dx = Arrays.empty(DataType.FLOAT, ScalarResample.shape(gradient, height, width));
    var source = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var weights = floats(horizontal.weight);
    int planes =
        Math.toIntExact(gradient.length() / ((long) vertical.outputs * horizontal.outputs));
    Split.of(planes, (long) vertical.outputs * horizontal.outputs)
        .run(
            (task, from, to) -> {
              var plane = Scratch.floats(0, height * width);
              var rows = Scratch.floats(1, height * wide);
              var row = Scratch.floats(2, wide);
              for (int p = from; p < to; p++) {
                java.util.Arrays.fill(rows, 0, height * wide, 0);
                for (int i = 0; i < vertical.outputs; i++) {
                  long at = ((long) p * vertical.outputs + i) * horizontal.outputs;
                  source.read(at, row, 0, horizontal.outputs);
                  for (int t = i * vertical.taps; t < (i + 1) * vertical.taps; t++) {
                    addScaled(
                        row, 0, (float) vertical.weight[t], rows, vertical.index[t] * wide, wide);
                  }
                }
                java.util.Arrays.fill(plane, 0, height * width, 0);
                for (int r = 0; r < height; r++) {
                  collect(rows, r * wide, horizontal, weights, plane, r * width);
                }
                target.write((long) p * height * width, plane, 0, height * width);
              }
            });
    return dx;
  }

  private static void spread(
      float[] plane, int at, Sampling s, float[] weights, float[] rows, int to) {
    for (int j = 0; j < s.outputs; j++) {
      float sum = 0;
      for (int t = j * s.taps; t < (j + 1) * s.taps; t++) {
        sum += weights[t] * plane[at + s.index[t]];
      }
      rows[to + j] = sum;
    }
  }

  private static void collect(
      float[] rows, int at, Sampling s, float[] weights, float[] plane, int to) {
    for (int j = 0; j < s.outputs; j++) {
      float g = rows[at + j];
      for (int t = j * s.taps; t < (j + 1) * s.taps; t++) {
        plane[to + s.index[t]] += weights[t] * g;
      }
    }
  }

  private static void addScaled(float[] x, int at, float w, float[] out, int to, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromArray(SPECIES, x, at + i)
          .fma(FloatVector.broadcast(SPECIES, w), FloatVector.fromArray(SPECIES, out, to + i))
          .intoArray(out, to + i);
    }
  }

  private static float[] floats(double[] values) {
    var out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) values[i];
    }
    return out;
  }
}
