// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Dims;
import antaboga.Op;
import antaboga.ShapeException;
import antaboga.kernel.AttentionKernel;
import antaboga.kernel.AttentionKernel.Relative;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@code y_i = sum_j softmax_j(scale q_i k_j + r_ij) v_j}: q (P, L, d), k (P, M, d), v (P, M, e),
 * value (P, L, e); P counts batches times heads.
 *
 * <p>Two more inputs, or none, give relative positions over keys on a grid, M = H W: {@code r_ij =
 * rows[i, j / W] + columns[i, j % W]}, rows (P, L, H), columns (P, L, W), as in SAM's image encoder
 * ({@code add_decomposed_rel_pos}). Time O(P L M (d + e)), memory O(P L) beside inputs and value.
 * Source: Dao et al. 2022, arXiv 2205.14135.
 */
public record Attention(double scale) implements Op {
  @Override
  public Value apply(INDArray... inputs) {
    if (inputs.length != 3 && inputs.length != 5) {
      throw new IllegalArgumentException(
          this + ": got " + inputs.length + " inputs, expected q, k, v and perhaps rows, columns");
    }
    Arrays.sameType(this, inputs);
    var q = inputs[0];
    var k = inputs[1];
    var v = inputs[2];
    var dims =
        Dims.of(toString()).bind("q", q, "P L d").bind("k", k, "P M d").bind("v", v, "P M e");
    var relative = inputs.length == 5 ? new Relative(inputs[3], inputs[4]) : null;
    if (relative != null) {
      dims.bind("rows", relative.rows(), "P L H").bind("columns", relative.columns(), "P L W");
      if (dims.size("H") * dims.size("W") != dims.size("M")) {
        throw new ShapeException(
            "%s: %d keys, expected %d * %d as in rows and columns"
                .formatted(this, dims.size("M"), dims.size("H"), dims.size("W")));
      }
    }
    var kernel = AttentionKernel.chosen();
    var value = kernel.forward(q, k, v, relative, scale);
    return new Value(
        value.y(),
        (g, needed) -> {
          var back = kernel.backward(g, q, k, v, relative, scale, value);
          var terms = back.relative();
          return terms == null
              ? new INDArray[] {back.q(), back.k(), back.v()}
              : new INDArray[] {back.q(), back.k(), back.v(), terms.rows(), terms.columns()};
        });
  }
}
