// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.io.Checkpoint;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

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
    var kept = folder.resolve("a.scene");
    free.encode(Models.image(2)).write(kept);
    var expected = free.scene(kept).segment(BOX);
    long model = 4L * Models.weights(5).all().stream().mapToLong(p -> p.shape().elements()).sum();
    long need = model + free.memory().segmenting(30, 44, 1);
    for (double share : new double[] {0.5, 0.75, 0.9}) {
      var tight = MedSam.load(file, Sizes.tiny(), new MemoryBudget((long) (share * need)));
      var scene = tight.scene(kept);
      var error = assertThrows(MemoryBudgetException.class, () -> scene.segment(BOX));
      assertEquals(need, error.needed());
      assertEquals((long) (share * need), error.budget());
      assertTrue(error.toString().contains("segment needs about"), error::toString);
      assertEquals(tight.fingerprint(), free.fingerprint()); // it goes on to work
    }
    long enough = Math.max(need, model + free.memory().encoding());
    var fitting = MedSam.load(file, Sizes.tiny(), new MemoryBudget(enough));
    assertEquals(expected, fitting.encode(Models.image(2)).segment(BOX));
  }

  @Test
  void estimatesAreWhatPassesAllocate() throws Exception {
    for (var config : List.of(MedSamConfig.t6(), MedSamConfig.t6of8())) {
      var medsam = MedSam.of(new Sam(Weights.init(1), config));
      var memory = new PassMemory(config);
      long encode = allocated(() -> medsam.encode(Models.image(2)));
      var scene = medsam.encode(Models.image(2));
      assertShare("encode", encode, memory.encoderBlock());
      assertShare("segment", allocated(() -> scene.segment(BOX)), memory.decoder(30, 44, 1));
      var large = medsam.encode(Image.grey(1500, 1000, new byte[1_500_000]));
      assertShare("large", allocated(() -> large.alternatives(BOX)), memory.decoder(1500, 1000, 3));
    }
  }

  private static void assertShare(String what, long bytes, long floats) {
    assertTrue(bytes <= 4 * floats * 1.02, what + ": " + bytes + " of " + 4 * floats);
    assertTrue(bytes >= 0.2 * floats, what + ": " + bytes + " of " + 4 * floats);
  }

  /** What a pass takes of the memory that a thread keeps. */
  private static long allocated(Runnable pass) throws InterruptedException {
    var bytes = new AtomicLong();
    var thread =
        new Thread(
            () -> {
              pass.run();
              for (var workspace : Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread()) {
                bytes.addAndGet(workspace.getMaxCycleAllocations());
              }
              Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
            });
    thread.start();
    thread.join();
    return bytes.get();
  }

  /** In a process of its own with a heap of fixed size, so that only off-heap memory can grow. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theBudgetIsKept() throws Exception {
    var weights = Weights.init(1);
    new Sam(weights, Keeping.CONFIG); // asks for them
    var file = folder.resolve("t6.safetensors");
    Checkpoint.of(weights.arrays()).save(file);
    var java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms256m",
            "-Xmx256m",
            "-XX:+AlwaysPreTouch",
            "--add-modules",
            "jdk.incubator.vector",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-cp",
            System.getProperty("java.class.path"),
            Keeping.class.getName(),
            file.toString());
    var process = new ProcessBuilder(java).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var printed = new String(process.getInputStream().readAllBytes(), UTF_8).trim().split(" ", -1);
    assertEquals(0, process.waitFor());
    long budget = Long.parseLong(printed[0]);
    long taken = Long.parseLong(printed[1]);
    assertTrue(taken < 1.1 * budget, "taken and budget: " + taken + " " + budget);
    assertTrue(taken > 0.4 * budget, "taken and budget: " + taken + " " + budget);
  }

  /** Prints the least budget in which a model works, and what it takes with six threads. */
  static final class Keeping {
    /** One block on 64 x 64 tokens, and a decoder as large as ViT-B's. */
    static final MedSamConfig CONFIG =
        new MedSamConfig(512, 512, 8, 192, 1, 3, 4, 8, Set.of(0), true, 256, 8, 2048, 16, 256, 3);

    public static void main(String[] arguments) throws Exception {
      Nd4j.create(1);
      long before = peak();
      var config = CONFIG;
      var file = Path.of(arguments[0]);
      var memory = new PassMemory(config);
      long model = Files.size(file);
      long need = Math.max(memory.encoding(), memory.segmenting(300, 400, 1));
      var threads = Executors.newFixedThreadPool(6);
      try (var medsam = MedSam.load(file, config, new MemoryBudget(model + need))) {
        var images = new ArrayList<Callable<Mask>>();
        for (int i = 0; i < 6; i++) {
          images.add(() -> medsam.encode(Image.grey(300, 400, new byte[120_000])).segment(BOX));
        }
        for (var mask : threads.invokeAll(images)) {
          mask.get();
        }
      }
      threads.shutdown();
      System.out.println(model + need + " " + (peak() - before));
    }

    private static long peak() throws IOException {
      for (var line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      throw new IOException("no VmHWM");
    }
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
    assertThrows(IllegalArgumentException.class, () -> MemoryBudget.megabytes(Long.MIN_VALUE + 1));
    assertFalse(MemoryBudget.megabytes(99_999_999_999_999L).isLimited());
    assertFalse(MemoryBudget.unlimited().isLimited());
    assertEquals("3 MB", MemoryBudget.megabytes(3).toString());
  }
}
