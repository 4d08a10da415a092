// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Choice;
import antaboga.kernel.Pointwise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The selective scan of Mamba (Gu and Dao 2023, arXiv 2312.00752, algorithm 2), differentiable in
 * all its inputs. For each batch and channel, with δ' = softplus(δ + bias) or δ + bias,
 *
 * <pre>
 *   h_t = exp(δ'_t A) h_{t-1} + δ'_t u_t B_t
 *   y_t = (C_t · h_t + D u_t) silu(z_t)
 * </pre>
 *
 * <p>Results are the same bits for any number of threads. Forward needs no memory beyond output and
 * states; a training pass keeps the state of every 32nd step.
 *
 * <p>Values that are not finite, and steps so large that the state overflows, end in an {@link
 * antaboga.NonFiniteValueException} that names the input, its position and its value. A state that
 * is not finite stays so, so that a look at the last one and at the inputs of the output suffices:
 * less than a hundredth of a scan's time, or, with a gate, up to a thirtieth.
 */
public final class SelectiveScan {
  private SelectiveScan() {}

  /**
   * The scan without further options.
   *
   * @param u (B, D, L)
   * @param delta (B, D, L), positive
   * @param a (D, N), negative
   * @param b (B, N, L), (B, G, N, L) or (D, N)
   * @param c as b
   * @return (B, D, L)
   * @throws antaboga.ShapeException if the shapes or types do not fit together
   * @throws antaboga.NonFiniteValueException if a value is not finite or the state overflows
   */
  public static Tensor of(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c) {
    return of(u, delta, a, b, c, ScanOptions.plain());
  }

  /**
   * The scan with options; shapes are those of their layout.
   *
   * @throws antaboga.ShapeException if the shapes or types do not fit together
   * @throws antaboga.NonFiniteValueException if a value is not finite or the state overflows
   */
  public static Tensor of(
      Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, ScanOptions options) {
    return apply(options, false, u, delta, a, b, c);
  }

  /**
   * Scans whose delta, B and C are projections of one array, as in Mamba's blocks and in SS2D: for
   * each of K scans, p holds R factors of delta, then B, then C, and δ = factors · weight^T. The
   * scans read one u, each visiting the positions in an order of its own, and their outputs are
   * summed. Nothing is copied on the way.
   *
   * @param orders for each scan the positions in the order of time; none for one scan in order
   * @param u (B, L, D)
   * @param p (B, L, K·(R + 2N)), by position
   * @param deltaWeight (K·D, R)
   * @param a (K·D, N), negative
   * @param options d and delta bias (K·D), states (B, K·D, N), z as u where there is one scan;
   *     their layout is not looked at
   * @return (B, L, D)
   * @throws antaboga.ShapeException if the shapes or types do not fit together
   * @throws antaboga.NonFiniteValueException if a value is not finite or the state overflows
   */
  public static Tensor projected(
      List<int[]> orders, Tensor u, Tensor p, Tensor deltaWeight, Tensor a, ScanOptions options) {
    var projected = options.withLayout(new ScanLayout.Projected(orders));
    return apply(projected, false, u, p, deltaWeight, a);
  }

  /** A {@link #projected} scan in order, and its last state. */
  public static Result projectedWithLastState(
      Tensor u, Tensor p, Tensor deltaWeight, Tensor a, ScanOptions options) {
    var projected = options.withLayout(new ScanLayout.Projected(List.of()));
    return split(apply(projected, true, u, p, deltaWeight, a), u, a);
  }

  /**
   * The scan and the state after its last step.
   *
   * @throws antaboga.ShapeException if the shapes or types do not fit together
   * @throws antaboga.NonFiniteValueException if a value is not finite or the state overflows
   */
  public static Result withLastState(
      Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, ScanOptions options) {
    return split(apply(options, true, u, delta, a, b, c), u, a);
  }

  /**
   * One step of a sequence: the next token's output, and the state after it. In double precision
   * the bits are those of the whole sequence at once.
   *
   * @param state before the step, (B, D, N): zeros at first
   * @param u (B, D)
   * @param delta (B, D)
   * @param a (D, N)
   * @param b (B, N) or (B, G, N); a constant one (D, N) is given as (B, D, N)
   * @param c as b
   * @param options d and delta bias (D), z (B, D); layout and initial state are not looked at
   * @return y (B, D), and the next state
   * @throws antaboga.ShapeException if the shapes or types do not fit together
   * @throws antaboga.NonFiniteValueException if a value is not finite or the state overflows
   */
  public static Result step(
      Tensor state, Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, ScanOptions options) {
    Dims.of("selectiveScan.step").bind("u", u, "B D").bind("delta", delta, "B D");
    var one = options.withLayout(ScanLayout.TIME_LAST).withInitialState(state);
    if (options.z().isPresent()) {
      one = one.withZ(atOneTime(options.z().get()));
    }
    var result = withLastState(atOneTime(u), atOneTime(delta), a, atOneTime(b), atOneTime(c), one);
    return new Result(result.y().reshape(u.shape().toArray()), result.lastState());
  }

  private static Tensor atOneTime(Tensor x) {
    var sizes = Arrays.copyOf(x.shape().toArray(), x.shape().rank() + 1);
    sizes[sizes.length - 1] = 1;
    return x.reshape(sizes);
  }

  private static Result split(Tensor flat, Tensor u, Tensor a) {
    long split = u.shape().elements();
    long end = flat.shape().elements();
    return new Result(
        flat.slice(0, 0, split).reshape(u.shape().toArray()),
        flat.slice(0, split, end).reshape(u.size(0), a.size(0), a.size(1)));
  }

  /**
   * A scan's output and state.
   *
   * @param y as u
   * @param lastState (B, D, N)
   */
  public record Result(Tensor y, Tensor lastState) {}

  private static Tensor apply(ScanOptions options, boolean withLast, Tensor... required) {
    var inputs = new ArrayList<>(List.of(required));
    var extras = EnumSet.noneOf(Scan.Extra.class);
    for (var extra : Scan.Extra.values()) {
      var tensor =
          switch (extra) {
            case D -> options.d();
            case Z -> options.z();
            case DELTA_BIAS -> options.deltaBias();
            case INITIAL -> options.initialState();
          };
      if (tensor.isPresent()) {
        extras.add(extra);
        inputs.add(tensor.get());
      }
    }
    var scan =
        new Scan(options.layout(), options.deltaSoftplus(), extras, withLast, Tape.training());
    return Tape.apply(scan, inputs.toArray(Tensor[]::new));
  }

  /** {@code A = -e^(A_log)}, negative for any parameter; checkpoints keep A_log. */
  public static Tensor rates(Tensor aLog) {
    return Tape.apply(new Rates(), aLog);
  }

  private record Rates() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var a = Pointwise.map(x, v -> -Math.exp(v));
      return Value.of(a, g -> Pointwise.map(g, a, (d, v) -> d * v));
    }
  }

  /** The kernel that floats use, and why not another; {@code -Dantaboga.scan} forces one. */
  public static Choice<?> choice() {
    return ScanKernel.CHOICE;
  }
}
