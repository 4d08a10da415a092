// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A named leaf that training changes in place. A frozen one, or a buffer such as a running mean, is
 * a constant to every tape.
 */
public final class Parameter extends Tensor {
  private final String name;
  private final boolean trainable;

  /**
   * A parameter that holds a copy of the array, outside the memory of any tape.
   *
   * @param name its full name, as in a checkpoint
   * @param trainable whether a tape follows gradients to it
   */
  public Parameter(String name, INDArray array, boolean trainable) {
    this(trainable, Arrays.outsideTapes(() -> array.dup('c')), name);
  }

  private Parameter(boolean trainable, INDArray own, String name) {
    super(own, null, false);
    this.name = name;
    this.trainable = trainable;
  }

  /**
   * A parameter that is this array itself, which nobody else may change: for what was just read
   * from a file.
   *
   * @param array on no tape
   */
  public static Parameter owning(String name, INDArray array, boolean trainable) {
    return new Parameter(trainable, Arrays.contiguous(array), name);
  }

  /** The full name, as in a checkpoint: {@code blocks.0.attn.qkv.weight}. */
  public String name() {
    return name;
  }

  /** Whether a tape follows gradients to it. */
  public boolean trainable() {
    return trainable;
  }

  /**
   * Replaces the values in place; for optimisers and running statistics.
   *
   * @throws ShapeException if shape or type differ
   */
  public void assign(INDArray values) {
    Arrays.sameType(name, array(), values);
    Arrays.sameShape(name, array(), values);
    array().assign(values);
  }

  @Override
  public String toString() {
    return name + " " + shape();
  }
}
