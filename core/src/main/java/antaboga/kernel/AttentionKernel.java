// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention: {@code y_i = sum_j softmax_j(scale q_i k_j + r_ij) v_j} for each of P problems. q (P,
 * L, d), k (P, M, d), v (P, M, e), y (P, L, e).
 *
 * <p>The scores (P, L, M) never stand in memory: blocks of them are made, used and forgotten, and
 * backward makes them again from one number a row. Source: Dao et al. 2022, arXiv 2205.14135.
 */
public interface AttentionKernel {
  /** Which body is used, and why not another. */
  Choice<AttentionKernel> CHOICE = Choice.of("antaboga.attention", providers());

  /**
   * Relative-position terms over keys on a grid of height H and width W, M = H W: {@code r_ij =
   * rows[i, j / W] + columns[i, j % W]}; rows (P, L, H), columns (P, L, W).
   */
  record Relative(INDArray rows, INDArray columns) {}

  /** The value, and the logarithm of each row's sum of exponentials, (P, L). */
  record Value(INDArray y, INDArray logSums) {}

  /** Gradients of the inputs; the last one as far as it was given. */
  record Gradients(INDArray q, INDArray k, INDArray v, @Nullable Relative relative) {}

  /** The value. */
  Value forward(INDArray q, INDArray k, INDArray v, @Nullable Relative relative, double scale);

  /** The way back, from the value of forward. */
  Gradients backward(
      INDArray gradient,
      INDArray q,
      INDArray k,
      INDArray v,
      @Nullable Relative relative,
      double scale,
      Value value);

  /** All bodies. */
  static List<Provider<AttentionKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarAttention()),
        Providers.vector(() -> new VectorAttention()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.attention}. */
  static AttentionKernel chosen() {
    return CHOICE.get();
  }
}
