// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Randomized;
import antaboga.Tape;
import antaboga.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/** Scans of any sizes and options, drawn at random. */
class ScanPropertiesTest {
  private static final int[] WIDTHS = {1, 2, 3, 6, 12, 16, 17, 40};
  private static final int[] STATES = {1, 2, 3, 4, 5, 8, 16, 17, 33, 256};
  private static final int[] LENGTHS = {1, 2, 7, 15, 16, 17, 33, 70};

  /** Inputs by name, time last, in double precision with the values of floats. */
  private record Drawn(Map<String, Tensor> inputs, boolean softplus, int batches) {
    static Drawn of(Random r) {
      int batches = 1 + r.nextInt(3);
      int width = WIDTHS[r.nextInt(WIDTHS.length)];
      int states = STATES[r.nextInt(STATES.length)];
      int length = LENGTHS[r.nextInt(LENGTHS.length)];
      boolean softplus = r.nextBoolean();
      var s = new SplittableRandom(r.nextLong());
      var inputs = new LinkedHashMap<String, Tensor>();
      inputs.put("u", Tensor.normal(s, batches, width, length));
      // beyond the threshold of 20 now and then
      var delta = Tensor.normal(s, batches, width, length).mul(r.nextInt(5) == 0 ? 20 : 1);
      inputs.put("delta", softplus ? delta : delta.abs().mul(0.5));
      inputs.put("A", Tensor.uniform(s, width, states).add(0.1).neg());
      inputs.put("B", Tensor.normal(s, weight(r, batches, width, states, length)));
      inputs.put("C", Tensor.normal(s, weight(r, batches, width, states, length)));
      if (r.nextBoolean()) {
        inputs.put("D", Tensor.normal(s, width));
      }
      if (r.nextBoolean()) {
        inputs.put("z", Tensor.normal(s, batches, width, length));
      }
      if (r.nextBoolean()) {
        inputs.put("bias", Tensor.uniform(s, width));
      }
      if (r.nextBoolean()) {
        inputs.put("initial", Tensor.normal(s, batches, width, states));
      }
      inputs.replaceAll((name, x) -> x.to(DataType.DOUBLE));
      return new Drawn(inputs, softplus, batches);
    }

    private static long[] weight(Random r, int batches, int width, int states, int length) {
      return switch (r.nextInt(4)) {
        case 0 -> new long[] {width, states};
        case 1 -> new long[] {batches, states, length};
        default -> {
          var groups = IntStream.rangeClosed(1, width).filter(g -> width % g == 0).toArray();
          yield new long[] {batches, groups[r.nextInt(groups.length)], states, length};
        }
      };
    }

    Tensor at(String name) {
      return Objects.requireNonNull(inputs.get(name));
    }

    ScanOptions options(Map<String, Tensor> x) {
      return new ScanOptions(
          ScanLayout.TIME_LAST,
          softplus,
          Optional.ofNullable(x.get("bias")),
          Optional.ofNullable(x.get("D")),
          Optional.ofNullable(x.get("z")),
          Optional.ofNullable(x.get("initial")));
    }

    SelectiveScan.Result scan(Map<String, Tensor> x) {
      return SelectiveScan.withLastState(
          Objects.requireNonNull(x.get("u")),
          Objects.requireNonNull(x.get("delta")),
          Objects.requireNonNull(x.get("A")),
          Objects.requireNonNull(x.get("B")),
          Objects.requireNonNull(x.get("C")),
          options(x));
    }

    @Override
    public String toString() {
      var text = new StringBuilder("softplus " + softplus);
      inputs.forEach((name, x) -> text.append(", ").append(name).append(' ').append(x.shape()));
      return text.toString();
    }
  }

  /** The equations as {@code selective_scan_ref} has them, one number after the other. */
  @Randomized(times = 30)
  void followsTheEquations(Random r) {
    var drawn = Drawn.of(r);
    var u = drawn.at("u");
    int width = Math.toIntExact(u.size(1));
    int length = Math.toIntExact(u.size(2));
    int states = Math.toIntExact(drawn.at("A").size(1));
    var y = new double[Math.toIntExact(u.shape().elements())];
    var last = new double[drawn.batches * width * states];
    for (int b = 0; b < drawn.batches; b++) {
      for (int d = 0; d < width; d++) {
        for (int n = 0; n < states; n++) {
          double h = value(drawn.inputs.get("initial"), b, d, n);
          for (int t = 0; t < length; t++) {
            double raw = value(drawn.at("delta"), b, d, t) + value(drawn.inputs.get("bias"), d);
            double delta = !drawn.softplus || raw > 20 ? raw : Math.log1p(Math.exp(raw));
            h = Math.exp(delta * value(drawn.at("A"), d, n)) * h;
            h += delta * value(u, b, d, t) * weight(drawn.at("B"), b, d, n, t, width);
            y[(b * width + d) * length + t] += weight(drawn.at("C"), b, d, n, t, width) * h;
          }
          last[(b * width + d) * states + n] = h;
        }
        for (int t = 0; t < length; t++) {
          int at = (b * width + d) * length + t;
          y[at] += value(drawn.inputs.get("D"), d) * value(u, b, d, t);
          if (drawn.inputs.containsKey("z")) {
            double z = value(drawn.at("z"), b, d, t);
            y[at] *= z / (1 + Math.exp(-z));
          }
        }
      }
    }
    var result = drawn.scan(drawn.inputs);
    assertArrayEquals(y, result.y().toDoubles(), 1e-9, drawn.toString());
    assertArrayEquals(last, result.lastState().toDoubles(), 1e-9, drawn.toString());
  }

  private static double weight(Tensor w, int b, int d, int n, int t, int width) {
    return switch (w.shape().rank()) {
      case 2 -> value(w, d, n);
      case 3 -> value(w, b, n, t);
      default -> value(w, b, Math.toIntExact(d / (width / w.size(1))), n, t);
    };
  }

  private static double value(@Nullable Tensor x, int... at) {
    return x == null ? 0 : x.array().getDouble(at);
  }

  /** Values and all gradients of floats are those of doubles, whatever depends on the loss. */
  @Randomized(times = 40)
  void floatsAgreeWithDoubles(Random r) {
    var drawn = Drawn.of(r);
    int loss = 1 + r.nextInt(3); // of the output, of the last state, of both
    var expected = all(drawn, DataType.DOUBLE, loss);
    var actual = all(drawn, DataType.FLOAT, loss);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, values) -> {
          var floats = Objects.requireNonNull(actual.get(name));
          double scale = 1e-3;
          for (double v : values) {
            scale = Math.max(scale, Math.abs(v));
          }
          for (int i = 0; i < values.length; i++) {
            assertTrue(
                Math.abs(values[i] - floats[i]) <= 2e-5 * scale,
                "%s [%d]: %s, expected %s; loss %d, %s"
                    .formatted(name, i, floats[i], values[i], loss, drawn));
          }
        });
  }

  private static Map<String, double[]> all(Drawn drawn, DataType type, int loss) {
    var out = new LinkedHashMap<String, double[]>();
    try (var tape = new Tape(0)) {
      var leaves = new LinkedHashMap<String, Tensor>();
      drawn.inputs.forEach((name, x) -> leaves.put(name, tape.watch(x.to(type))));
      var result = drawn.scan(leaves);
      out.put("y", result.y().toDoubles());
      out.put("last", result.lastState().toDoubles());
      var terms = new ArrayList<Tensor>();
      if ((loss & 1) > 0) {
        terms.add(weighed(result.y()));
      }
      if ((loss & 2) > 0) {
        terms.add(weighed(result.lastState()));
      }
      var gradients = tape.gradients(terms.stream().reduce(Tensor::add).orElseThrow());
      leaves.forEach(
          (name, leaf) ->
              gradients.of(leaf).ifPresent(g -> out.put("gradient of " + name, g.toDoubles())));
    }
    return out;
  }

  private static Tensor weighed(Tensor x) {
    var weights = Tensor.normal(new SplittableRandom(5), x.shape().toArray()).to(x.type());
    return x.mul(weights).sum();
  }

  @Randomized(times = 30)
  void stepsGiveTheBitsOfTheWholeInDouble(Random r) {
    var drawn = Drawn.of(r);
    var whole = drawn.scan(drawn.inputs);
    var u = drawn.at("u");
    var a = drawn.at("A");
    var state =
        drawn.inputs.getOrDefault(
            "initial", Tensor.zeros(DataType.DOUBLE, u.size(0), u.size(1), a.size(1)));
    for (int t = 0; t < u.size(2); t++) {
      var now = new LinkedHashMap<>(drawn.inputs);
      for (var name : List.of("u", "delta", "z")) {
        int at = t;
        now.computeIfPresent(name, (key, x) -> x.index(2, at));
      }
      var step =
          SelectiveScan.step(
              state,
              Objects.requireNonNull(now.get("u")),
              Objects.requireNonNull(now.get("delta")),
              a,
              token(drawn.at("B"), drawn.batches, t),
              token(drawn.at("C"), drawn.batches, t),
              drawn.options(now));
      assertArrayEquals(
          whole.y().index(2, t).toDoubles(), step.y().toDoubles(), t + " of " + drawn);
      state = step.lastState();
    }
    assertArrayEquals(whole.lastState().toDoubles(), state.toDoubles(), drawn.toString());
  }

  /** B or C of one token; a constant one counts as a group for each channel. */
  private static Tensor token(Tensor w, int batches, int t) {
    return w.shape().rank() == 2
        ? w.expand(batches, w.size(0), w.size(1))
        : w.index(w.shape().rank() - 1, t);
  }
}
