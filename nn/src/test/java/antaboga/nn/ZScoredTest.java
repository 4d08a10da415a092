// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import antaboga.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class ZScoredTest {
  /** Shows what it is shown. */
  private static final class Mirror implements Segmenter {
    @Override
    public List<Tap> taps() {
      return List.of(new Tap("image", 3, 1));
    }

    @Override
    public Output observe(Tensor x) {
      return new Output(x, Map.of("image", x));
    }
  }

  private static Tensor images() {
    return Tensor.normal(new Random(1), 2, 3, 8, 4).mul(0.2).add(0.4);
  }

  @Test
  void everyImageHasMeanZeroAndVarianceOneOverAllItsChannels() {
    var shown = ZScored.of(new Mirror()).forward(images());
    for (long i = 0; i < 2; i++) {
      var one = shown.slice(0, i, i + 1);
      assertEquals(0, one.mean().item(), 1e-6);
      assertEquals(1, one.mul(one).mean().item(), 1e-3);
    }
  }

  @Test
  void brightnessAndContrastOfAnImageAreNotSeenButItsColoursAre() {
    var x = images();
    assertArrayEquals(
        ZScored.image(x).toFloats(), ZScored.image(x.mul(3).add(0.1)).toFloats(), 1e-3f);
    var channel = ZScored.image(x).slice(1, 0, 1);
    assertFalse(Math.abs(channel.mean().item()) < 1e-4);
  }

  @Test
  void anEvenImageIsZero() {
    var shown = ZScored.image(Tensor.full(DataType.FLOAT, 0.7, 1, 3, 4, 4));
    assertArrayEquals(new float[48], shown.toFloats(), 1e-6f);
  }

  @Test
  void featuresAndHalvesAreThoseOfTheNetwork() {
    var mirror = ZScored.of(new Mirror());
    assertEquals("image", mirror.taps().get(0).name());
    assertArrayEquals(
        ZScored.image(images()).toFloats(), mirror.observe(images()).feature("image").toFloats());

    var plain = new UNet(Weights.init(1), UNetConfig.student());
    var network = assertInstanceOf(EncoderDecoder.class, ZScored.of(plain));
    var x = Tensor.normal(new Random(2), 1, 3, 32, 32);
    var expected = plain.forward(ZScored.image(x)).toFloats();
    assertArrayEquals(expected, network.forward(x).toFloats());
    assertArrayEquals(expected, network.observe(x).logits().toFloats());
    assertArrayEquals(expected, network.decode(network.encode(x)).toFloats());
    assertEquals(plain.taps(), network.taps());
  }
}
