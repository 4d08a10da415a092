// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Choice;
import antaboga.kernel.Cuda;
import antaboga.kernel.Provider;
import antaboga.kernel.Providers;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The selective scan on arrays. For each batch and channel, with δ' = softplus(δ + bias),
 *
 * <pre>
 *   h_t = exp(δ'_t A) h_{t-1} + δ'_t u_t B_t
 *   y_t = (C_t · h_t + D u_t) silu(z_t)
 * </pre>
 *
 * <p>Results are the same bits for any number of threads.
 */
interface ScanKernel {
  /** Which body is used, and why not another. */
  Choice<ScanKernel> CHOICE = Choice.of("antaboga.scan", providers());

  /** The name by which it is forced. */
  String name();

  /** Whether it runs scans of this type; those of others run on the scalar kernel. */
  default boolean takes(DataType type) {
    return type == DataType.FLOAT;
  }

  /**
   * Runs the scan.
   *
   * @param keep whether a backward pass will follow
   */
  Result forward(ScanInputs x, boolean keep);

  /**
   * The gradients of all inputs that are present.
   *
   * @param forward of the same inputs, kept
   * @param dy gradient of the output
   * @param dLast gradient of the last state, or null for zero
   */
  Gradients backward(ScanInputs x, Result forward, INDArray dy, @Nullable INDArray dLast);

  /** All bodies. */
  static List<Provider<ScanKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarScan()),
        Providers.vector(() -> new VectorScan()),
        Providers.cuda(() -> new CudaScan(Cuda.first())));
  }

  /** The body in use: the best available, or the one that the property names. */
  static ScanKernel chosen() {
    return CHOICE.get();
  }

  /**
   * A scan's outcome.
   *
   * @param y as u
   * @param last the state after the last step, (B, D, N)
   * @param borders states at chunk borders in the kernel's own layout, or null
   */
  record Result(INDArray y, INDArray last, @Nullable INDArray borders) {}

  /**
   * The gradients, in the shapes of the inputs; null for inputs that are absent. Where delta, B and
   * C stand in one array, so do their gradients.
   */
  record Gradients(
      INDArray u,
      INDArray delta,
      @Nullable INDArray deltaWeight,
      INDArray a,
      INDArray b,
      INDArray c,
      @Nullable INDArray d,
      @Nullable INDArray z,
      @Nullable INDArray deltaBias,
      @Nullable INDArray initial) {}
}
