// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.examples.run.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryTest {
  private static final String STUDY =
      """
      sets: [polyp]
      labels: [10]
      seeds: [1, 2]
      steps: 100
      methods:
        few: {recipe: supervised}
        all: {recipe: supervised, labels: 100}
        cps: {recipe: cps}
        bcp: {recipe: bcp}
        ours: {recipe: ua-mt}
      compare: {ours: ours, against: [cps, bcp], floor: few, ceiling: all}
      """;

  private final Path out;
  private final Study study;

  SummaryTest(@TempDir Path folder) throws IOException {
    out = folder.resolve("out");
    Files.createDirectories(out);
    study = Study.read(Files.writeString(folder.resolve("study.yaml"), STUDY));
  }

  /** A finished cell: Dice of three images, and an HD95 that one of them lacks. */
  private void finished(String cell, double... dice) throws IOException {
    var folder = Files.createDirectories(out.resolve("cells/polyp").resolve(cell));
    Files.writeString(folder.resolve("result.json"), "{}");
    var csv = new StringBuilder("image,Dice,IoU,HD95\n");
    for (int i = 0; i < dice.length; i++) {
      csv.append("image%d,%s,0.5,%s\n".formatted(i, dice[i], i == 0 ? "" : "4"));
    }
    Files.writeString(folder.resolve("test.csv"), csv);
  }

  private String write() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    new Summary(study, out).write(new Terminal(stream, stream, false));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private List<String> lines(String file) throws IOException {
    return Files.readAllLines(out.resolve(file));
  }

  @Test
  void tellsMeanAndDeviationOverSeedsAndTheShareOfTheGap() throws IOException {
    finished("10/few/1", 0.3, 0.4, 0.5);
    finished("10/few/2", 0.5, 0.6, 0.7);
    finished("100/all/1", 0.9, 0.9, 0.9);
    finished("10/ours/1", 0.7, 0.7, 0.7);
    var told = write();
    assertEquals(
        List.of(
            "set,labels,method,seeds,Dice,Dice sd,Dice undefined,IoU,IoU sd,IoU undefined,HD95,"
                + "HD95 sd,HD95 undefined,gap closed",
            "polyp,10,few,2,0.500000,0.141421,0,0.500000,0.000000,0,4.000000,0.000000,2,0.000000",
            "polyp,10,ours,1,0.700000,,0,0.500000,,0,4.000000,,1,0.500000",
            "polyp,100,all,1,0.900000,,0,0.500000,,0,4.000000,,1,"),
        lines("summary.csv"));
    assertTrue(told.contains("50.00 ± 14.14"), told);
    assertTrue(told.contains("50 %"), told);
  }

  @Test
  void testsOursAgainstEachOfTheOthersImageByImage() throws IOException {
    finished("10/ours/1", 0.8, 0.7, 0.9);
    finished("10/ours/2", 0.8, 0.9, 0.9);
    finished("10/cps/1", 0.7, 0.6, 0.5);
    finished("10/bcp/1", 0.6, 0.5, 0.4);
    write();
    // all three differences have one sign: p = 2 / 2^3, twice that after Holm
    assertEquals(
        List.of(
            "set,labels,ours,other,best of the others,difference of Dice,images,p,p after Holm",
            "polyp,10,ours,cps,yes,0.233333,3,0.250,0.500",
            "polyp,10,ours,bcp,,0.333333,3,0.250,0.500"),
        lines("comparisons.csv"));
  }

  @Test
  void anUnfinishedCellDoesNotCount() throws IOException {
    finished("10/few/1", 0.3, 0.4, 0.5);
    finished("10/few/2", 0.5, 0.6, 0.7);
    Files.delete(out.resolve("cells/polyp/10/few/2/result.json"));
    write();
    assertTrue(lines("summary.csv").get(1).startsWith("polyp,10,few,1,0.400000"));
  }
}
