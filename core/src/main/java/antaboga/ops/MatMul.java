// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static antaboga.ops.Arrays.empty;
import static antaboga.ops.Arrays.reshape;
import static antaboga.ops.Arrays.sameType;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.Gemm;
import antaboga.kernel.Reduce;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The matrix product over the last two axes, {@code op(a) op(b)} with op the transpose where asked.
 * Leading axes must be equal, or one side has none.
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Op.Binary {
  @Override
  public Value apply(INDArray a, INDArray b) {
    sameType("matmul", a, b);
    if (a.rank() < 2 || b.rank() < 2) {
      throw mismatch(a, b);
    }
    var lead = lead(a, b);
    var a3 = stacked(a, lead);
    var b3 = stacked(b, lead);
    long m = a.size(transposeA ? -1 : -2);
    long n = b.size(transposeB ? -2 : -1);
    if (a.size(transposeA ? -2 : -1) != b.size(transposeB ? -1 : -2)) {
      throw mismatch(a, b);
    }
    var out = empty(a.dataType(), a3.size(0), m, n);
    Gemm.batched(out, a3, transposeA, b3, transposeB, 1, 0);
    var shape = Arrays.copyOf(lead, lead.length + 2);
    shape[lead.length] = m;
    shape[lead.length + 1] = n;
    return Value.of(
        reshape(out, shape),
        g -> {
          var g3 = reshape(g, out.shape());
          var ga = empty(a.dataType(), a3.shape());
          if (transposeA) {
            Gemm.batched(ga, b3, transposeB, g3, true, 1, 0);
          } else {
            Gemm.batched(ga, g3, false, b3, !transposeB, 1, 0);
          }
          return back(ga, a);
        },
        g -> {
          var g3 = reshape(g, out.shape());
          var gb = empty(b.dataType(), b3.shape());
          if (transposeB) {
            Gemm.batched(gb, g3, true, a3, transposeA, 1, 0);
          } else {
            Gemm.batched(gb, a3, !transposeA, g3, false, 1, 0);
          }
          return back(gb, b);
        });
  }

  private long[] lead(INDArray a, INDArray b) {
    var leadA = Arrays.copyOf(a.shape(), a.rank() - 2);
    var leadB = Arrays.copyOf(b.shape(), b.rank() - 2);
    if (leadB.length == 0 || Arrays.equals(leadA, leadB)) {
      return leadA;
    }
    if (leadA.length == 0) {
      return leadB;
    }
    throw mismatch(a, b);
  }

  // (P, rows, columns); a side without leading axes is repeated
  private static INDArray stacked(INDArray x, long[] lead) {
    long products = Shape.of(lead).elements();
    if (x.rank() == 2) {
      return Movement.expand(
          reshape(x, 1, x.size(0), x.size(1)), Shape.of(products, x.size(0), x.size(1)));
    }
    return reshape(x, products, x.size(-2), x.size(-1));
  }

  private static INDArray back(INDArray gradient, INDArray x) {
    return reshape(x.rank() == 2 ? Reduce.sum(gradient, 0) : gradient, x.shape());
  }

  private ShapeException mismatch(INDArray a, INDArray b) {
    return new ShapeException(
        "matmul: shapes %s%s and %s%s, expected (..., M, K) and (..., K, N)"
            .formatted(
                Shape.text(a.shape()),
                transposeA ? " transposed" : "",
                Shape.text(b.shape()),
                transposeB ? " transposed" : ""));
  }

  /** {@code y = x W^T + b}: x (..., in), weight (out, in), optional bias (out), y (..., out). */
  public record Linear() implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = inputs[0];
      var weight = inputs[1];
      sameType("linear", inputs);
      var dims = Dims.of("linear").bind("weight", weight, "out in");
      if (x.rank() < 1 || x.size(-1) != dims.size("in")) {
        throw new ShapeException(
            "linear: x has shape %s, expected (..., in) with in = %d as in weight"
                .formatted(Shape.text(x.shape()), dims.size("in")));
      }
      var rows = reshape(x, x.length() / x.size(-1), x.size(-1));
      var out = empty(x.dataType(), rows.size(0), dims.size("out"));
      if (inputs.length > 2) {
        dims.bind("bias", inputs[2], "out");
        Gemm.linear(out, rows, weight, inputs[2]);
      } else {
        Gemm.into(out, rows, false, weight, true, 1, 0);
      }
      var shape = x.shape().clone();
      shape[shape.length - 1] = out.size(1);
      return new Value(
          reshape(out, shape),
          (g, needed) -> {
            var grads = new INDArray[inputs.length];
            var gRows = reshape(g, out.shape());
            if (needed[0]) {
              grads[0] = reshape(Gemm.product(gRows, false, weight, false), x.shape());
            }
            if (needed[1]) {
              grads[1] = Gemm.product(gRows, true, rows, false);
            }
            if (inputs.length > 2 && needed[2]) {
              grads[2] = reshape(Reduce.sum(gRows, 0), out.size(1));
            }
            return grads;
          });
    }
  }
}
