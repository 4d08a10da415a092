// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  @Test
  void namesFollowThePlace() {
    var weights = Weights.init(1);
    var layer = new Linear(weights.at("blocks").at(0).at("attn"), 3, 2);
    assertEquals("blocks.0.attn.weight", layer.weight().name());
    assertEquals(2, weights.all().size());
    assertEquals(8, weights.count());
  }

  @Test
  void valuesDependOnSeedAndNameAlone() {
    var one = Weights.init(1);
    new Linear(one.at("first"), 3, 2);
    var a = new Linear(one.at("second"), 3, 2);
    var b = new Linear(Weights.init(1).at("second"), 3, 2);
    assertEquals(a.weight().array(), b.weight().array());
  }

  @Test
  void aReloadedLayerGivesTheSameValues() {
    var weights = Weights.init(1);
    var layer = new Linear(weights.at("a"), 3, 2);
    var loaded = Weights.from(weights.arrays());
    var again = new Linear(loaded.at("a"), 3, 2);
    loaded.requireAllUsed();
    var x = Tensor.of(new float[] {1, 2, 3}, 1, 3);
    assertEquals(layer.forward(x).array(), again.forward(x).array());
  }

  @Test
  void saysWhatAFileLacksAndWhatIsNearest() {
    var weights = Weights.from(Map.of("block.0.weight", Tensor.scalar(1).array()));
    var e =
        assertThrows(
            IllegalStateException.class, () -> weights.at("blocks").get("weight", Init.zeros()));
    assertTrue(e.toString().contains("no blocks.weight; it has block.0.weight"), e.toString());
  }

  @Test
  void loadTellsEverythingThatDoesNotAgree() {
    var arrays =
        Map.of(
            "head.bias", Tensor.of(new float[2], 2).array(),
            "heads.weight", Tensor.of(new float[6], 2, 3).array(),
            "step", Tensor.scalar(1).array());
    var e =
        assertThrows(
            MismatchException.class,
            () -> Weights.load(arrays, w -> new Linear(w.at("head"), 2, 3)));
    assertEquals(List.of("head.weight"), e.missing());
    assertEquals(List.of("head.bias (2), expected (3)"), e.misshaped());
    assertEquals(List.of("heads.weight", "step"), e.unused());
    assertTrue(e.toString().contains("head.weight (heads.weight?)"), e.toString());
  }

  @Test
  void loadGivesAModelOfTheSameValues() {
    var weights = Weights.init(1);
    var layer = new Linear(weights.at("head"), 2, 3);
    var again = Weights.load(weights.arrays(), w -> new Linear(w.at("head"), 2, 3));
    assertEquals(layer.weight().array(), again.weight().array());
  }

  @Test
  void loadReadsAFileArrayByArray(@TempDir Path folder) throws IOException {
    var weights = Weights.init(1);
    var layer = new Linear(weights.at("head"), 2, 3);
    var file = folder.resolve("linear.safetensors");
    Checkpoint.of(weights.arrays()).save(file);
    var again = Weights.load(Checkpoint.open(file), w -> new Linear(w.at("head"), 2, 3));
    assertEquals(layer.weight().array(), again.weight().array());
    var e =
        assertThrows(
            MismatchException.class,
            () -> Weights.load(Checkpoint.open(file), w -> new Linear(w.at("head"), 3, 3)));
    assertEquals(List.of("head.weight (3, 2), expected (3, 3)"), e.misshaped());
  }

  @Test
  void loadLeavesTheArraysOfOthersAlone() throws IOException {
    var weights = Weights.init(1);
    var layer = new Linear(weights.at("head"), 2, 3);
    var checkpoint = Checkpoint.of(weights.arrays());
    var again = Weights.load(checkpoint, w -> new Linear(w.at("head"), 2, 3));
    assertEquals(layer.weight().array(), again.weight().array());
  }

  @Test
  void refusesAnotherShape() {
    var weights = Weights.from(Map.of("weight", Tensor.of(new float[6], 2, 3).array()));
    assertThrows(ShapeException.class, () -> weights.get("weight", Init.zeros(), 3, 2));
  }

  @Test
  void namesWhatNoLayerAskedFor() {
    var weights = Weights.from(Map.of("other", Tensor.scalar(1).array()));
    var e = assertThrows(IllegalStateException.class, weights::requireAllUsed);
    assertTrue(e.toString().contains("other"), e.toString());
  }
}
