// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class MambaBlockTest {
  private static Tensor sequence(long... shape) {
    return Tensor.normal(new SplittableRandom(2), shape);
  }

  @Test
  void hasItsParameters() {
    for (int[] expected : new int[][] {{16, 3_360}, {32, 9_920}, {64, 32_640}, {128, 116_480}}) {
      var weights = Weights.init(1);
      var block = new MambaBlock(weights, MambaConfig.of(expected[0]));
      assertEquals(expected[1], weights.count());
      assertEquals(Shape.of(1, 3, expected[0]), block.forward(sequence(1, 3, expected[0])).shape());
    }
  }

  @Test
  void gradientsAgreeWithCentralDifferences() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var block = new MambaBlock(weights, MambaConfig.of(3).withState(2).withBias(true, true));
    var inputs = new ArrayList<Tensor>(weights.all());
    inputs.add(0, sequence(2, 5, 3).to(DataType.DOUBLE));
    GradCheck.of(in -> block.forward(in[0]), inputs.toArray(Tensor[]::new)).requireBelow(1e-6);
  }

  @Test
  void outputDoesNotDependOnLaterInput() {
    var block = new MambaBlock(Weights.init(1), MambaConfig.of(8));
    var x = sequence(1, 20, 8);
    assertArrayEquals(
        block.forward(x).slice(1, 0, 11).toFloats(),
        block.forward(x.slice(1, 0, 11)).toFloats(),
        1e-6f);
  }

  @Test
  void stepsWorkWithoutAConvolutionWindow() {
    var block = new MambaBlock(Weights.init(1), MambaConfig.of(4).withConv(1));
    var x = sequence(2, 1, 4);
    var step = block.step(x.reshape(2, 4), block.start(2));
    assertArrayEquals(block.forward(x).toFloats(), step.y().toFloats(), 1e-6f);
  }

  @Test
  void stepsGiveTheBitsOfTheWholeInDouble() {
    for (var config : new MambaConfig[] {MambaConfig.of(5), MambaConfig.of(24).withConv(1)}) {
      var block = new MambaBlock(Weights.init(1, DataType.DOUBLE), config);
      var x = sequence(3, 9, config.width()).to(DataType.DOUBLE);
      var whole = block.forward(x);
      var state = block.start(3);
      for (int t = 0; t < 9; t++) {
        var step = block.step(x.index(1, t), state);
        assertArrayEquals(whole.index(1, t).toDoubles(), step.y().toDoubles());
        state = step.state();
      }
    }
  }

  @Test
  void convolutionGoesStepByStep() {
    for (int taps : new int[] {2, 3, 4}) {
      var conv = new CausalConv1d(Weights.init(1, DataType.DOUBLE), 3, taps, true);
      var x = sequence(2, 6, 3).to(DataType.DOUBLE);
      var whole = conv.forward(x);
      var states = Tensor.zeros(DataType.DOUBLE, 2, taps - 1, 3);
      for (int t = 0; t < 6; t++) {
        var step = conv.step(x.index(1, t), states);
        assertArrayEquals(whole.index(1, t).toDoubles(), step.y().toDoubles());
        states = step.states();
      }
    }
  }

  @Test
  void deltaStartsBetweenItsBounds() {
    var weights = Weights.init(5);
    var block = new MambaBlock(weights, MambaConfig.of(32));
    for (double step : block.dtProj().bias().orElseThrow().softplus().toDoubles()) {
      assertTrue(step >= 0.00099 && step <= 0.1001, "step " + step);
    }
    assertEquals(Math.log(16), block.aLog().toDoubles()[15], 1e-6);
  }

  @Test
  void convolutionRejectsStatesOfAnotherLength() {
    var conv = new CausalConv1d(Weights.init(1), 3, 4, true);
    assertThrows(ShapeException.class, () -> conv.forward(sequence(1, 5, 3), sequence(1, 2, 3)));
  }

  @Test
  void configRejectsSizesThatAreNotPositive() {
    assertThrows(IllegalArgumentException.class, () -> MambaConfig.of(0));
    assertThrows(IllegalArgumentException.class, () -> MambaConfig.of(4).withState(0));
  }
}
