// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Dims;
import antaboga.Op;
import antaboga.ShapeException;
import antaboga.ops.Arrays;
import antaboga.ops.Movement;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The selective scan as an operation. Inputs are u, delta, A, B, C, or u, p, delta weight, A where
 * the layout is projected; then those of the extras that are present, in their order.
 *
 * @param withLast whether the value is flat, the output followed by the last state, instead of the
 *     output alone
 * @param keep whether a backward pass may follow
 */
record Scan(ScanLayout layout, boolean softplus, Set<Extra> extras, boolean withLast, boolean keep)
    implements Op {

  /** Inputs that may be absent. */
  enum Extra {
    D,
    Z,
    DELTA_BIAS,
    INITIAL
  }

  Scan {
    extras = Set.copyOf(extras);
  }

  @Override
  public Value apply(INDArray... inputs) {
    var x = checked(inputs);
    var chosen = ScanKernel.chosen();
    var kernel = chosen.takes(x.u().dataType()) ? chosen : new ScalarScan();
    var result = kernel.forward(x, keep);
    ScanFinite.require(x, result);
    var y = result.y();
    if (!withLast) {
      return new Value(y, (g, needed) -> gradients(kernel.backward(x, result, g, null)));
    }
    long split = y.length();
    long end = split + result.last().length();
    return new Value(
        new Movement.Concat(0).apply(flat(y), flat(result.last())).array(),
        (g, needed) -> {
          var dy = new Movement.Slice(0, 0, split).apply(g).array();
          var dLast = new Movement.Slice(0, split, end).apply(g).array();
          return gradients(
              kernel.backward(
                  x,
                  result,
                  Arrays.reshape(dy, y.shape()),
                  Arrays.reshape(dLast, result.last().shape())));
        });
  }

  private static INDArray flat(INDArray x) {
    return Arrays.reshape(x, x.length());
  }

  private ScanInputs checked(INDArray... inputs) {
    Arrays.sameType("selectiveScan", inputs);
    var geometry = layout.geometry(inputs);
    boolean projected = geometry.rank() > 0;
    var x =
        new ScanInputs(
            geometry,
            inputs[0],
            inputs[1],
            projected ? inputs[2] : null,
            inputs[projected ? 3 : 2],
            inputs[projected ? 1 : 3],
            inputs[projected ? 1 : 4],
            extra(Extra.D, inputs),
            extra(Extra.Z, inputs),
            extra(Extra.DELTA_BIAS, inputs),
            extra(Extra.INITIAL, inputs),
            softplus);
    var width = Integer.toString(geometry.width());
    var dims = Dims.of("selectiveScan").bind("A", x.a(), "D N");
    bind(dims, "D", x.d(), width);
    bind(dims, "delta bias", x.deltaBias(), width);
    bind(dims, "initial state", x.initial(), geometry.batches() + " D N");
    if (x.z() != null) {
      Arrays.sameShape("selectiveScan: u and z", x.u(), x.z());
      if (geometry.shared()) {
        throw new ShapeException("selectiveScan: scans along several orders have no gate z");
      }
    }
    return x;
  }

  private static void bind(Dims dims, String name, @Nullable INDArray array, String axes) {
    if (array != null) {
      dims.bind(name, array, axes);
    }
  }

  private @Nullable INDArray extra(Extra extra, INDArray... inputs) {
    if (!extras.contains(extra)) {
      return null;
    }
    long before = EnumSet.range(Extra.D, extra).stream().filter(extras::contains).count();
    int last = layout instanceof ScanLayout.Projected ? 3 : 4;
    return inputs[Math.toIntExact(last + before)];
  }

  private static INDArray[] gradients(ScanKernel.Gradients g) {
    boolean own = g.deltaWeight() == null;
    return Stream.of(
            g.u(),
            g.delta(),
            g.deltaWeight(),
            g.a(),
            own ? g.b() : null,
            own ? g.c() : null,
            g.d(),
            g.z(),
            g.deltaBias(),
            g.initial())
        .filter(Objects::nonNull)
        .toArray(INDArray[]::new);
  }
}
