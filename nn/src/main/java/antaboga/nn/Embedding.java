// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Op;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rows of a table: x holds row numbers of type LONG (...), weight (n, width), y (..., width). Key
 * and start as {@code torch.nn.Embedding}.
 */
public record Embedding(Parameter weight) implements Layer {
  /** A table of n rows that starts with standard normal values. */
  public Embedding(Weights w, long n, long width) {
    this(w.get("weight", Init.normal(1), n, width));
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if there is no such row
   */
  @Override
  public Tensor forward(Tensor x) {
    if (x.type() != DataType.INT64) {
      throw new ShapeException("Embedding: row numbers of type " + x.type() + ", expected LONG");
    }
    return Tape.apply(new Rows(), weight, x);
  }

  record Rows() implements Op.Binary {
    @Override
    public Value apply(INDArray table, INDArray numbers) {
      long width = table.size(1);
      var rows = Arrays.reshape(numbers, numbers.length()).toLongVector();
      var shape = java.util.Arrays.copyOf(numbers.shape(), numbers.rank() + 1);
      shape[shape.length - 1] = width;
      var out = Arrays.empty(table.dataType(), rows.length, width);
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] < 0 || rows[i] >= table.size(0)) {
          throw new IllegalArgumentException(
              "Embedding: row %d of a table of %d rows".formatted(rows[i], table.size(0)));
        }
        out.putRow(i, table.getRow(rows[i]));
      }
      return Value.of(
          Arrays.reshape(out, shape),
          g -> {
            var gradient = Arrays.zeros(table.dataType(), table.shape());
            var flat = Arrays.reshape(g, rows.length, width);
            for (int i = 0; i < rows.length; i++) {
              gradient.getRow(rows[i]).addi(flat.getRow(i));
            }
            return gradient;
          },
          g -> {
            throw new IllegalStateException("Embedding: row numbers have no gradient");
          });
    }
  }
}
