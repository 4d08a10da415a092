// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.optim.Sgd;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class RecomputedTest {
  private final Tensor x = Tensor.normal(new SplittableRandom(1), 3, 4, 5, 6);

  /** Everything of a layer that draws at random or keeps something for later. */
  private static Layer block(Weights w) {
    var inner =
        Sequential.of(
            new Conv2d(w.at("conv"), 4, 4, Window.of(3).padding(1)),
            new BatchNorm2d(w.at("norm"), 4),
            Tensor::silu,
            new Dropout(0.3),
            Dropout.ofChannels(0.2),
            new DropPath(0.4));
    return in -> in.add(inner.forward(in));
  }

  private Weights train(UnaryOperator<Layer> mode) {
    var w = Weights.init(5);
    var net =
        Sequential.of(mode.apply(block(w.at("a"))), mode.apply(block(w.at("b"))), new Dropout(0.1));
    var optimizer = new Sgd(Sgd.Config.of(0.1), w.trainable());
    for (int step = 0; step < 3; step++) {
      try (var tape = new Tape(step)) {
        optimizer.step(tape.gradients(net.forward(x).pow(2).mean()), 0.1);
      }
    }
    return w;
  }

  @Test
  void trainingIsThatOfTheLayerBitForBit() {
    var plain = train(UnaryOperator.identity()).all();
    var recomputed = train(Recomputed::new).all();
    var twice = train(layer -> new Recomputed(new Recomputed(layer))).all();
    for (var other : List.of(recomputed, twice)) {
      for (int i = 0; i < plain.size(); i++) {
        var name = plain.get(i).name();
        assertEquals(name, other.get(i).name());
        assertArrayEquals(plain.get(i).toFloats(), other.get(i).toFloats(), 0, name);
      }
    }
  }

  @Test
  void aBatchIsCountedOnce() {
    for (var parameter : train(Recomputed::new).all()) {
      if (parameter.name().endsWith("num_batches_tracked")) {
        assertEquals(3, parameter.item());
      }
    }
  }

  @Test
  void inferenceIsThatOfTheLayer() {
    var layer = new LayerNorm(Weights.init(1), 6, 1e-5);
    assertArrayEquals(layer.forward(x).toFloats(), new Recomputed(layer).forward(x).toFloats(), 0);
  }
}
