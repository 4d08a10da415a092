// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Interruption;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Pictures;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.Terminal;
import antaboga.nn.data.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a method's student may begin: students that have learned from the masks of the study's
 * other sets, and know nothing of a cell's own but how bright its labelled lesions are ({@link
 * antaboga.distill.semi.WarmStart}).
 */
record WarmStarts(Study study, Path out, Terminal terminal) {
  /** Where a cell's student begins; empty if another process trains it, or a stop was asked for. */
  Optional<ModelFile> student(Cell cell, Interruption interruption) throws IOException {
    var config = cell.training().withSteps(cell.method().warm());
    var bright = bright(cell);
    var settings = "%s on %s, bright %s".formatted(config, study.warming(cell.set()), bright);
    var folder =
        out.resolve("starts")
            .resolve("%s-%d-%08x".formatted(cell.set(), cell.seed(), settings.hashCode()));
    return Result.once(
            folder,
            settings,
            "student.safetensors",
            () -> train(cell, config, bright, folder, interruption))
        .map(ModelFile::open);
  }

  private Optional<Map<String, Object>> train(
      Cell cell, StudentRun.Config config, double bright, Path folder, Interruption interruption)
      throws IOException {
    var samples = new ArrayList<Sample>();
    for (var set : study.warming(cell.set())) {
      samples.addAll(DataFolder.open(study.data().resolve(set)).samples("train"));
    }
    var data = new DataFolder.Division(samples, List.of(), "all of " + study.warming(cell.set()));
    var run = new StudentRun(config, data, List.of(), new Recipe.Elsewhere(bright), folder);
    run.run("start for " + cell.set(), terminal, interruption);
    if (!run.isFinished()) {
      return Optional.empty();
    }
    var about = new LinkedHashMap<String, Object>();
    about.put("student for", cell.set());
    about.put("version", Provenance.version());
    about.put("parameters", run.parameters());
    return Optional.of(about);
  }

  /** The share of the labelled images whose lesion is brighter than the rest. */
  private double bright(Cell cell) throws IOException {
    int few = study.shares().stream().mapToInt(share -> share).min().orElseThrow();
    var own = DataFolder.open(study.data().resolve(cell.set())).divide(few, cell.seed()).labelled();
    int bright = 0;
    for (var sample : own) {
      bright += Pictures.contrast(sample) > 0 ? 1 : 0;
    }
    return (double) bright / own.size();
  }
}
