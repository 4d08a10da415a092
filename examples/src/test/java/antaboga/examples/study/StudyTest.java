// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.examples.run.Failure;
import antaboga.nn.data.Variation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudyTest {
  private static final String STUDY =
      """
      data: lesions
      sets: [polyp, thyroid]
      labels: [5, 10]
      seeds: [1337, 1338]
      size: 96
      steps: 100
      teacher: {also: [nuclei], many-objects: [nuclei], size: 64, patch: 8, steps: 50}
      methods:
        few: {recipe: supervised}
        u-net: {recipe: supervised, network: u-net, rate: 2e-3, vary: true}
        all: {recipe: supervised, labels: 100, steps: 200}
        cps: {recipe: cps}
        ours: {recipe: antaboga, taps: [dec3], teacher-weight: 0.3, response: 0}
      compare: {ours: ours, against: [cps], floor: few, ceiling: all}
      """;

  private final Path folder;

  StudyTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Study read(String text) throws IOException {
    return Study.read(Files.writeString(folder.resolve("study.yaml"), text));
  }

  private static Study.Method method(Study study, String name) {
    return study.methods().stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void saysWhatTheFileSays() throws IOException {
    var study = read(STUDY);
    assertEquals(folder.resolve("lesions"), study.data());
    assertEquals(List.of(5, 10), study.shares());
    assertEquals(96, method(study, "few").training().size());
    assertEquals(2e-3, method(study, "u-net").training().rate());
    assertEquals("u-net", method(study, "u-net").training().network().toString());
    assertEquals(200, method(study, "all").training().steps());
    assertEquals(Variation.none(), method(study, "few").training().variation());
    assertEquals(Variation.moderate(), method(study, "u-net").training().variation());
    assertEquals(0, method(study, "ours").terms().response());
    assertEquals(0.1, method(study, "ours").terms().consistency());
    assertEquals(8, study.teacher().orElseThrow().sizes().patch());
  }

  @Test
  void everySetShareMethodAndSeedIsACellAndTheCeilingOnlyOnce() throws IOException {
    var cells = read(STUDY).cells();
    assertEquals(2 * 2 * (2 * 4 + 1), cells.size());
    var names = cells.stream().map(Cell::name).collect(Collectors.toList());
    assertEquals("polyp/5/few/1337", names.get(0));
    assertTrue(names.contains("thyroid/100/all/1338"), names.toString());
    assertTrue(cells.subList(0, 18).stream().allMatch(cell -> cell.seed() == 1337));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "steps: 100 | steps: many | methods.few.steps is many, expected a whole number, 1 or more",
        "size: 96 | size: 100 | methods.few.size is 100, expected a multiple of 32",
        "labels: [5, 10] | labels: [0] | labels is 0, expected a whole number, 1 to 100",
        "recipe: cps | recipe: csp | methods.cps.recipe is csp, expected one of supervised",
        "response: 0 | respons: 0 | methods.ours.respons is unknown",
        "seeds: [1337, 1338] | tests: 3 | seeds is missing",
        "size: 96 | colour: 3 | colour is unknown",
        "against: [cps] | against: [csp] | compare.against is csp, expected one of few",
        "response: 0 | response: -1 | methods.ours.response is -1, expected a number, 0 or more",
        "response: 0 | committee: fewer | method ours asks a committee of fewer",
        "response: 0 | committee: ours | method ours asks a committee of ours",
        "sets: [polyp, | sets: [../polyp, | '../polyp' cannot name a folder",
        "steps: 100 | steps: [ | not readable as YAML",
      })
  void refusesMistakesInWords(String right, String wrong, String message) {
    assertTrue(STUDY.contains(right));
    var e = assertThrows(Failure.class, () -> read(STUDY.replace(right, wrong)));
    assertTrue(e.toString().contains(message), e.toString());
    assertTrue(e.toString().contains("study.yaml"), e.toString());
  }

  @Test
  void theStudiesOfTheProjectAreUnderstood() throws IOException {
    try (var files = Files.list(Path.of("studies"))) {
      for (var file : files.toList()) {
        assertTrue(Study.read(file).cells().size() > 1, file.toString());
      }
    }
  }

  @Test
  void aWarmStartNeedsAnotherSetOfSingleLesions() throws IOException {
    var warm = STUDY.replace("recipe: cps", "recipe: cps, warm-start: 5");
    assertEquals(List.of("thyroid"), read(warm).warming("polyp"));
    var alone = warm.replace("sets: [polyp, thyroid]", "sets: [polyp]");
    var e = assertThrows(Failure.class, () -> read(alone));
    assertTrue(e.toString().contains("beside polyp there is none"), e.toString());
  }

  @Test
  void aCommitteeIsOfAllSeeds() throws IOException {
    var study = read(STUDY.replace("response: 0", "committee: few"));
    var cells = study.cells().stream().filter(c -> c.name().equals("thyroid/10/ours/1337"));
    assertEquals(
        List.of("thyroid/10/few/1337", "thyroid/10/few/1338"),
        study.committee(cells.findFirst().orElseThrow()).stream().map(Cell::name).toList());
    assertEquals(List.of(), study.committee(study.cells().get(0)));
  }

  @Test
  void aMethodThatAsksATeacherNeedsOne() {
    var without = STUDY.replaceAll("(?m)^teacher.*\n", "");
    var e = assertThrows(Failure.class, () -> read(without));
    assertTrue(e.toString().contains("method ours needs a teacher"), e.toString());
  }
}
