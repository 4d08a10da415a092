// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.medsam.model.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryBudgetTest {
  private static final Box BOX = new Box(4, 5, 20, 25);

  private final Path folder;

  MemoryBudgetTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void refusesAModelBeforeReadingIt() throws IOException {
    var file = Models.file(folder, 5);
    var error =
        assertThrows(
            MemoryBudgetException.class,
            () -> MedSam.load(file, Sizes.tiny(), new MemoryBudget(10_000)));
    assertTrue(error.needed() > 10_000, error::toString);
    assertEquals(10_000, error.budget());
  }

  @Test
  void refusesAPassThatDoesNotFitAndGoesOn() throws IOException {
    var file = Models.file(folder, 5);
    var free = MedSam.load(file, Sizes.tiny());
    long decode = free.memory().segmenting(30, 44, 1);
    long encode = free.memory().encoding();
    var scenes = folder.resolve("a.scene");
    free.encode(Models.image(2)).write(scenes);
    long model = 4L * Models.weights(5).all().stream().mapToLong(p -> p.shape().elements()).sum();
    var enough = model + Math.max(decode, encode);

    var tight = MedSam.load(file, Sizes.tiny(), new MemoryBudget(model + Math.min(decode, encode)));
    var scene = tight.scene(scenes);
    if (decode < encode) {
      var error = assertThrows(MemoryBudgetException.class, () -> tight.encode(Models.image(2)));
      assertEquals(model + encode, error.needed());
      assertTrue(error.toString().contains("encode needs about"), error::toString);
      assertEquals(free.scene(scenes).segment(BOX), scene.segment(BOX));
    } else {
      assertThrows(MemoryBudgetException.class, () -> scene.segment(BOX));
      tight.encode(Models.image(2));
    }
    var fitting = MedSam.load(file, Sizes.tiny(), new MemoryBudget(enough));
    assertEquals(free.scene(scenes).segment(BOX), fitting.encode(Models.image(2)).segment(BOX));
  }

  @Test
  void passesOfManyThreadsTakeTurns() throws Exception {
    var file = Models.file(folder, 5);
    var expected = MedSam.load(file, Sizes.tiny()).encode(Models.image(2)).segment(BOX);
    var threads = Executors.newFixedThreadPool(8);
    try (var medsam = MedSam.load(file, Sizes.tiny(), MemoryBudget.megabytes(1000))) {
      var scene = medsam.encode(Models.image(2));
      var seen = java.util.concurrent.ConcurrentHashMap.<String>newKeySet();
      var asking = new ArrayList<Callable<Mask>>();
      for (int i = 0; i < 64; i++) {
        asking.add(
            () -> {
              medsam.pass("look", 0, () -> seen.add(Thread.currentThread().getName()));
              return scene.segment(BOX);
            });
      }
      for (var mask : threads.invokeAll(asking)) {
        assertEquals(expected, mask.get());
      }
      assertEquals(List.of("antaboga-medsam"), List.copyOf(seen));
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void errorsComeBackToWhoAsked() throws IOException {
    try (var medsam =
        MedSam.load(Models.file(folder, 5), Sizes.tiny(), MemoryBudget.megabytes(1000))) {
      var error =
          assertThrows(
              ArithmeticException.class,
              () ->
                  medsam.pass(
                      "fail",
                      0,
                      () -> {
                        throw new ArithmeticException("as told");
                      }));
      assertEquals("as told", error.getMessage());
    }
  }

  @Test
  void anInterruptedCallerStopsWaiting() throws IOException {
    try (var medsam =
        MedSam.load(Models.file(folder, 5), Sizes.tiny(), MemoryBudget.megabytes(1000))) {
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> medsam.encode(Models.image(2)));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void rejectsABudgetOfNothing() {
    assertThrows(IllegalArgumentException.class, () -> new MemoryBudget(0));
    assertFalse(MemoryBudget.unlimited().isLimited());
    assertEquals("3 MB", MemoryBudget.megabytes(3).toString());
  }
}
