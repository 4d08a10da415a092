// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClosingTest {
  private static final Box BOX = new Box(4, 5, 20, 25);

  private final Path folder;

  ClosingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void everyUseAfterwardsSaysThatTheModelIsClosed() throws IOException {
    var medsam = Models.load(folder, 5);
    var scene = medsam.encode(Models.image(2));
    medsam.close();
    medsam.close();
    var file = folder.resolve("a.scene");
    for (var use :
        new org.junit.jupiter.api.function.Executable[] {
          () -> medsam.encode(Models.image(2)),
          () -> scene.segment(BOX),
          () -> scene.alternatives(BOX),
          () -> scene.probability(BOX),
          () -> scene.write(file),
          () -> medsam.scene(file),
          () -> medsam.fingerprint(),
          () -> medsam.model(),
          () -> medsam.imageEncoder()
        }) {
      var error = assertThrows(ModelClosedException.class, use);
      assertTrue(error.toString().contains("the model is closed; load it again"), error.toString());
    }
    assertEquals(16 * 6 * 6, scene.embedding().toFloats().length);
  }

  @Test
  void memoryOfALoadedModelIsGivenBack() throws IOException {
    var weights = Models.weights(5);
    var lent = Models.load(folder, 5);
    var encoder = lent.imageEncoder();
    lent.close();
    var x = Models.image(2).prepared(48);
    assertEquals(1, encoder.forward(x).size(0)); // somebody may still use it
    var mine = MedSam.of(new Sam(antaboga.nn.Weights.from(weights.arrays()), Sizes.tiny()));
    mine.close();
    assertFalse(weights.all().get(0).array().wasClosed());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void runningPassesEndOrAreRefused(boolean limited) throws Exception {
    var budget = limited ? MemoryBudget.megabytes(2000) : MemoryBudget.unlimited();
    var file = Models.file(folder, 5);
    var expected = MedSam.load(file, Sizes.tiny()).encode(Models.image(2)).segment(BOX);
    var threads = Executors.newFixedThreadPool(12);
    try {
      for (int round = 0; round < 5; round++) {
        var medsam = MedSam.load(file, Sizes.tiny(), budget);
        var busy = new CountDownLatch(10 + 7 * round);
        var users = new ArrayList<Future<ModelClosedException>>();
        for (int t = 0; t < 12; t++) {
          users.add(threads.submit(() -> useUntilClosed(medsam, expected, busy)));
        }
        busy.await();
        medsam.close();
        for (var user : users) {
          assertNotNull(user.get());
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  private static ModelClosedException useUntilClosed(
      MedSam medsam, Mask expected, CountDownLatch busy) {
    try {
      while (true) {
        var scene = medsam.encode(Models.image(2));
        for (int i = 0; i < 3; i++) {
          assertEquals(expected, scene.segment(BOX));
          busy.countDown();
        }
      }
    } catch (ModelClosedException e) {
      return e;
    }
  }
}
