// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.Orientation;
import antaboga.nn.data.View;
import antaboga.nn.data.View.Crop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitteeTest {
  private final Segmenter one = new TinySegmenter(Weights.init(3));
  private final Segmenter other = new TinySegmenter(Weights.init(4));
  private int asked;

  /** Asks another, and counts. */
  private Segmenter counted(Segmenter segmenter) {
    return new Segmenter() {
      @Override
      public List<Tap> taps() {
        return segmenter.taps();
      }

      @Override
      public Output observe(Tensor image) {
        asked++;
        return segmenter.observe(image);
      }
    };
  }

  private static View view(int number, Orientation orientation) {
    return new View("blob" + number, true, orientation, Crop.WHOLE);
  }

  @Test
  void itIsTheMeanOverMembersAndLayings() {
    var image = Blobs.image(1);
    double sum = 0;
    for (var member : List.of(one, other)) {
      for (var laying : Orientation.values()) {
        var back = laying.inverse().of(member.forward(laying.of(image)).sigmoid());
        sum += back.toFloats()[77] / 16;
      }
    }
    var q = new Committee(List.of(one, other)).of(image, List.of(view(1, Orientation.UPRIGHT)));
    assertEquals(sum, q.toFloats()[77], 1e-6);
  }

  @Test
  void anImageIsLookedAtOnceHoweverItLies() {
    var committee = new Committee(List.of(counted(one), counted(other)));
    var views = List.of(view(1, Orientation.UPRIGHT), view(2, Orientation.UPRIGHT));
    var upright = committee.of(Blobs.images(List.of(1, 2)), views);
    assertEquals(32, asked);
    for (var laying : Orientation.values()) {
      var laid = List.of(view(2, laying), view(1, laying));
      var q = committee.of(laying.of(Blobs.images(List.of(2, 1))), laid);
      var expected = laying.of(upright.slice(0, 1, 2)).toFloats();
      assertArrayEquals(expected, q.slice(0, 0, 1).toFloats());
    }
    assertEquals(32, asked);
  }

  @Test
  void itTeachesStrongViewsInThePlaceOfTheAverage(@TempDir Path folder) throws IOException {
    var students = Students.of(TinySegmenter::new, 3);
    var config = WholeMethod.config(30);
    var cache = TinyTeacher.of(5).cachedIn(folder);
    var alone = new PerturbationConsistentDistillation(config, students, cache, 7);
    double before = strong(alone);
    var taught =
        new PerturbationConsistentDistillation(config, students, cache, 7)
            .with(new Committee(List.of(counted(other))));
    double after = strong(taught);
    assertEquals(16, asked); // two unlabelled images
    assertTrue(Math.abs(after - before) > 1e-6, before + " and " + after);
  }

  private static double strong(PerturbationConsistentDistillation method) throws IOException {
    try (var tape = new Tape(20)) {
      var losses = method.of(Blobs.batch(20, 1), 20);
      tape.gradients(losses.total());
      return losses.terms().stream()
          .filter(term -> term.name().equals("strong"))
          .mapToDouble(term -> term.value().item())
          .sum();
    }
  }

  @Test
  void rejectsWhatItCannotKeep() {
    assertThrows(IllegalArgumentException.class, () -> new Committee(List.of()));
    var cropped = new View("blob1", true, Orientation.UPRIGHT, new Crop(0, 0, 0.5));
    var committee = new Committee(List.of(one));
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> committee.of(Blobs.image(1), List.of(cropped)));
    assertTrue(String.valueOf(e.getMessage()).contains("is cropped"), e::toString);
  }
}
