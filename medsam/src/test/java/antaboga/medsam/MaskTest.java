// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ShapeException;
import antaboga.nn.metric.Connectivity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaskTest {
  private static Mask of(String... rows) {
    var inside = new boolean[rows.length * rows[0].length()];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = rows[i / rows[0].length()].charAt(i % rows[0].length()) == '#';
    }
    return Mask.of(rows.length, rows[0].length(), inside);
  }

  @Test
  void countsAndFindsPixels() {
    var mask = of("..#.", ".##.", "....");
    assertEquals(3, mask.count());
    assertTrue(mask.contains(1, 1));
    assertFalse(mask.contains(2, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> mask.contains(3, 0));
  }

  @Test
  void boxCountsByIndexAsMedSamDoes() {
    assertEquals(Optional.of(new Box(1, 0, 2, 1)), of("..#.", ".##.", "....").box());
  }

  @Test
  void boxOfOnePixelIsNotEmpty() {
    assertEquals(Optional.of(new Box(3, 2, 4, 3)), of("....", "....", "...#").box());
    assertEquals(Optional.empty(), of("....").box());
  }

  @Test
  void partsAreTheLargestFirst() {
    var parts = of("#..##", "...##", "#...#").parts(Connectivity.FACES, 2);
    assertEquals(1, parts.size());
    assertEquals(5, parts.get(0).count());
  }

  @Test
  void growsByWholePixels() {
    assertEquals(of("##..", "##..", "..##", "..##"), of("#.", ".#").resized(4, 4));
  }

  @Test
  void fileKeepsTheMask(@TempDir Path folder) throws IOException {
    var mask = of("..#.", ".##.", "....");
    mask.write(folder.resolve("mask.png"));
    assertEquals(mask, Mask.read(folder.resolve("mask.png")));
  }

  @Test
  void rejectsWrongCount() {
    assertThrows(ShapeException.class, () -> Mask.of(2, 3, new boolean[5]));
  }

  @Test
  void promptsAreScaledFromMedSamsOwnSize() {
    assertEquals(new BoxPrompts(100, 20, true), BoxPrompts.medSam(1024));
    assertEquals(new BoxPrompts(6, 5, true), BoxPrompts.medSam(256));
    assertEquals(new BoxPrompts(1, 1, true), BoxPrompts.medSam(48));
    assertEquals(new BoxPrompts(100, 0, false), BoxPrompts.medSam(1024).withJitter(0).partsOnly());
  }

  @Test
  void everySideMovesOutwardByEachNumberUpToTheJitter() {
    var inside = new boolean[200 * 200];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = i / 200 >= 60 && i / 200 <= 140 && i % 200 >= 50 && i % 200 <= 150;
    }
    var random = new SplittableRandom(3);
    var moves =
        List.of(
            new TreeSet<Double>(),
            new TreeSet<Double>(),
            new TreeSet<Double>(),
            new TreeSet<Double>());
    for (int i = 0; i < 1000; i++) {
      var box = BoxPrompts.medSam(1024).draw(random, Mask.of(200, 200, inside)).orElseThrow().box();
      moves.get(0).add(50 - box.x0()); // train_one_gpu.py: the last index, not one beyond
      moves.get(1).add(60 - box.y0());
      moves.get(2).add(box.x1() - 150);
      moves.get(3).add(box.y1() - 140);
    }
    for (var side : moves) {
      assertEquals(21, side.size());
      assertEquals(0.0, side.first());
      assertEquals(20.0, side.last());
    }
  }

  @Test
  void sameSeedDrawsTheSamePrompts() {
    var mask = of("##........", "##........", "..........", ".......###", ".......###");
    var prompts = new BoxPrompts(1, 3, true);
    var one = new SplittableRandom(5);
    var other = new SplittableRandom(5);
    for (int i = 0; i < 20; i++) {
      assertEquals(prompts.draw(one, mask), prompts.draw(other, mask));
    }
  }

  @Test
  void promptMeansThePartThatItsBoxHolds() {
    var mask = of("##........", "##........", "..........", ".......###", ".......###");
    var random = new SplittableRandom(1);
    var prompts = new BoxPrompts(4, 1, false);
    for (int i = 0; i < 50; i++) {
      var prompt = prompts.draw(random, mask).orElseThrow();
      var box = prompt.box();
      int count = prompt.target().count();
      assertTrue(count == 4 || count == 6);
      var own = prompt.target().box().orElseThrow();
      assertTrue(box.x0() <= own.x0() && box.x1() >= own.x1());
      assertTrue(own.x0() - box.x0() <= 1 && box.x1() - own.x1() <= 1);
    }
    assertEquals(Optional.empty(), new BoxPrompts(7, 1, false).draw(random, mask));
    assertEquals(mask, new BoxPrompts(7, 1, true).draw(random, mask).orElseThrow().target());
  }
}
