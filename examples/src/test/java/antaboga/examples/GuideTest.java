// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The lessons print what the README says they print. */
class GuideTest {
  @Test
  void tapeLessonPrintsWhatTheReadmeShows() throws IOException {
    assertEquals(
        """
        dy/dx = 1.6587
        step 0, mean squared error 1.56
        step 100, mean squared error 0.03
        step 200, mean squared error 0.02
        step 300, mean squared error 0.01
        step 400, mean squared error 0.01
        model(1.5) = 0.94, sin(1.5) = 1.00
        """,
        output(E01Tape::run));
  }

  @Test
  void scanLessonPrintsWhatTheReadmeShows() throws IOException {
    assertEquals(
        """
        y (2, 128, 196), first value 0.1724
        difference before the change 0.0
        gradient (2, 128, 196), norm 0.033371
        """,
        output(E02Scan::run));
  }

  @Test
  void boxLessonPrintsWhatTheReadmeShows() throws IOException {
    assertEquals(
        "Scene of 128 x 128, box (41, 19, 92, 58): Dice above 0.8 is true\n",
        output(E03SegmentWithABox::run));
  }

  @Test
  void distilLessonPrintsWhatTheReadmeShows() throws IOException {
    assertEquals(
        """
        step 0, feature loss 2.0
        step 20, feature loss 0.3
        step 40, feature loss 0.2
        student of 1,344,956 parameters
        """,
        output(E04Distil::run));
  }

  @Test
  void semiSupervisedLessonPrintsWhatTheReadmeShows() throws IOException {
    assertEquals(
        """
        30 steps, the supervised loss fell: true
        kept in checkpoint.safetensors
        """,
        output(E05SemiSupervised::run));
  }

  private interface Lesson {
    void run(PrintStream out) throws IOException;
  }

  private static String output(Lesson lesson) throws IOException {
    var bytes = new ByteArrayOutputStream();
    lesson.run(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
