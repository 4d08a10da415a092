// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** What does not fit is refused before a kernel runs, and the message names both sides. */
class RejectionTest {
  private static Tensor zeros(long... shape) {
    return Tensor.zeros(DataType.FLOAT, shape);
  }

  private static void refuses(Runnable call, String... words) {
    var message = assertThrows(ShapeException.class, call::run).toString();
    for (var word : words) {
      assertTrue(message.contains(word), message + " does not name " + word);
    }
  }

  @Test
  void layerNormRefusesAWeightOfAnotherWidth() {
    refuses(() -> zeros(2, 5).layerNorm(zeros(4), zeros(5), 1e-6), "(4)", "5", "LayerNorm");
  }

  @Test
  void groupNormRefusesGroupsThatDoNotDivideTheChannels() {
    refuses(() -> zeros(2, 5, 3).groupNorm(2, zeros(5), zeros(5), 1e-6), "(2, 5, 3)", "2");
  }

  @Test
  void batchMomentsRefuseASingleValue() {
    refuses(() -> zeros(1, 5).batchMoments(), "(1, 5)");
  }

  @Test
  void conv2dRefusesAnotherNumberOfChannels() {
    refuses(() -> zeros(1, 3, 8, 8).conv2d(zeros(4, 2, 3, 3), Window.of(3)), "(1, 3, 8, 8)", "2");
  }

  @Test
  void conv2dRefusesAWindowOfAnotherSizeThanTheWeight() {
    refuses(() -> zeros(1, 3, 8, 8).conv2d(zeros(4, 3, 3, 3), Window.of(5)), "(4, 3, 3, 3)", "5");
  }

  @Test
  void conv2dRefusesAWindowLargerThanTheImage() {
    refuses(() -> zeros(1, 3, 2, 8).conv2d(zeros(4, 3, 3, 3), Window.of(3)), "height", "2");
  }

  @Test
  void convTranspose2dRefusesAnotherNumberOfChannels() {
    refuses(
        () -> zeros(1, 3, 8, 8).convTranspose2d(zeros(4, 2, 2, 2), Window.of(2)),
        "(4, 2, 2, 2)",
        "C = 3");
  }

  @Test
  void attentionRefusesKeysThatAreNoGrid() {
    refuses(
        () ->
            zeros(2, 3, 4)
                .attention(zeros(2, 7, 4), zeros(2, 7, 4), zeros(2, 3, 2), zeros(2, 3, 3), 1),
        "7",
        "2 * 3");
  }

  @Test
  void attentionRefusesValuesOfAnotherNumberThanKeys() {
    refuses(
        () -> zeros(2, 3, 4).attention(zeros(2, 7, 4), zeros(2, 6, 4), 1), "(2, 6, 4)", "M = 7");
  }

  @Test
  void softmaxRefusesAnAxisThatIsNotThere() {
    refuses(() -> zeros(2, 3).softmax(2), "axis 2", "(2, 3)");
  }

  @Test
  void resizeRefusesALine() {
    refuses(() -> zeros(3).resize(Resample.Rule.BILINEAR, 2, 2), "(3)");
  }

  @Test
  void floatsAndDoublesDoNotMix() {
    var weight = Tensor.zeros(DataType.DOUBLE, 5);
    refuses(() -> zeros(2, 5).rmsNorm(weight, 1e-6), "FLOAT", "DOUBLE");
  }

  @Test
  void runningStatisticsHaveNoGradient() {
    try (var tape = new Tape(0)) {
      var mean = tape.watch(zeros(5));
      var one = Tensor.full(DataType.FLOAT, 1, 5);
      var y = zeros(2, 5).batchNorm(one, zeros(5), mean, one, 1e-5).sum();
      assertThrows(IllegalStateException.class, () -> tape.gradients(y));
    }
  }

  @Test
  void windowsPrintWhatIsNotPlain() {
    assertEquals("3x5", Window.of(3, 5).toString());
    assertEquals(
        "3x3 stride 2x1 padding 1x1 dilation 2x2",
        Window.of(3).stride(2, 1).padding(1).dilation(2).toString());
  }

  @Test
  void windowsRefuseNonsense() {
    assertThrows(IllegalArgumentException.class, () -> Window.of(0));
    assertThrows(IllegalArgumentException.class, () -> Window.of(3).padding(-1));
    assertThrows(
        IllegalArgumentException.class, () -> new Pooling.MaxPool2d(Window.of(2).padding(2)));
    assertThrows(
        IllegalArgumentException.class, () -> new Pooling.AvgPool2d(Window.of(2).dilation(2)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Convolution.ConvTranspose2d(Window.of(2), 1, 0, 1));
  }
}
