// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Guide;
import antaboga.examples.run.Interruption;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.TeacherRun;
import antaboga.examples.run.Terminal;
import antaboga.examples.run.TuningRun;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.data.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The teachers of a study, trained when a cell first needs them: one for each set, which has
 * learned from the other sets alone, and of it, where prompts count and the study says so, one
 * whose decoder was then tuned on the cell's labelled images.
 */
record Teachers(Study study, Path out, Terminal terminal) {
  private static final String FILE = "teacher.safetensors";
  private static final double TUNING_RATE = 1e-4; // MedSAM's

  /** Everything in the study's file that a cell's teacher depends on. */
  String settings(Cell cell) {
    var text = settings(cell.set());
    if (cell.method().untrained()) {
      return text + ", but untrained";
    }
    return isTuned(cell) ? text + ", decoder tuned for %d steps".formatted(plan().tune()) : text;
  }

  private String settings(String set) {
    return plan().file().map(Path::toString).orElseGet(() -> plan() + " on " + study.others(set));
  }

  private Study.Teacher plan() {
    return study.teacher().orElseThrow();
  }

  /** A method that never asks for masks has nothing of another decoder. */
  private boolean isTuned(Cell cell) {
    return plan().tune() > 0 && cell.method().terms().masks() > 0;
  }

  /** A cell's teacher; empty if another process trains it, or a stop was asked for. */
  Optional<Guide> guide(Cell cell, Interruption interruption) throws IOException {
    var embeddings = out.resolve("embeddings");
    if (cell.method().untrained()) {
      return Optional.of(Guide.untrained(sizes(), plan().seed(), embeddings));
    }
    var file = trained(cell.set(), interruption);
    if (file.isPresent() && isTuned(cell)) {
      file = tuned(cell, file.get(), interruption);
    }
    return file.map(f -> ModelFile.open(f).guide(embeddings));
  }

  private MedSamConfig sizes() {
    return plan()
        .file()
        .map(file -> ModelFile.open(file).teacher().model().config())
        .orElseGet(() -> plan().sizes().config());
  }

  private Path folder(String set) {
    return out.resolve("teachers").resolve(set);
  }

  /** The set's teacher. */
  private Optional<Path> trained(String set, Interruption interruption) throws IOException {
    return plan().file().isPresent()
        ? plan().file()
        : Result.once(folder(set), settings(set), FILE, () -> train(set, interruption));
  }

  private Optional<Map<String, Object>> train(String set, Interruption interruption)
      throws IOException {
    var run = new TeacherRun(plan().training(), sources(set), folder(set));
    terminal.say("teacher for %s, of %,d parameters", set, run.parameters());
    run.run(terminal, interruption);
    return run.isFinished() ? Optional.of(about(set, run.parameters())) : Optional.empty();
  }

  private static Map<String, Object> about(String set, long parameters) {
    var about = new LinkedHashMap<String, Object>();
    about.put("teacher for", set);
    about.put("version", Provenance.version());
    about.put("parameters", parameters);
    return about;
  }

  /** The set's teacher with a decoder that has seen the cell's labelled images, and no others. */
  private Optional<Path> tuned(Cell cell, Path from, Interruption interruption) throws IOException {
    var data = DataFolder.open(study.data().resolve(cell.set()));
    var labelled = data.divide(cell.share(), cell.seed()).labelled();
    var names = labelled.stream().map(Sample::name).collect(Collectors.joining(" "));
    var folder =
        folder(cell.set()).resolve("tuned-%d-%08x".formatted(cell.share(), names.hashCode()));
    return Result.once(
        folder, settings(cell), FILE, () -> tune(cell, from, labelled, folder, interruption));
  }

  private Optional<Map<String, Object>> tune(
      Cell cell, Path from, List<Sample> labelled, Path folder, Interruption interruption)
      throws IOException {
    var file = ModelFile.open(from);
    var model = file.trainable(TrainedParts.DECODER);
    int size = model.sam().config().input();
    int steps = plan().tune();
    var config =
        new TuningRun.Config(
            TrainedParts.DECODER,
            steps,
            plan().batch(),
            TUNING_RATE,
            BoxPrompts.medSam(size),
            true,
            plan().seed(),
            plan().saveEvery(),
            steps);
    var start = new TuningRun.Start(model, file.path(), file.fingerprint());
    terminal.say("decoder for %s, tuned on %d images", cell.set(), labelled.size());
    int taken =
        new TuningRun(config, start, labelled, List.of(), folder).run(terminal, interruption);
    var about = about(cell.set(), model.weights().count());
    about.put("labelled", labelled.size());
    return taken == steps ? Optional.of(about) : Optional.empty();
  }

  /** Training images of all other sets; of the target none, but for how bright its lesions are. */
  private List<TeacherRun.Source> sources(String target) throws IOException {
    var plan = plan();
    int few = study.shares().stream().mapToInt(share -> share).min().orElseThrow();
    var own = DataFolder.open(study.data().resolve(target)).divide(few, plan.seed()).labelled();
    var like = new TeacherRun.Source(own, true, 0);
    var sources = new ArrayList<TeacherRun.Source>();
    for (var name : study.others(target)) {
      var samples = DataFolder.open(study.data().resolve(name)).samples("train");
      boolean whole = !plan.manyObjects().contains(name);
      var source = new TeacherRun.Source(samples, whole, plan.inverted().orElse(0));
      sources.add(plan.inverted().isPresent() ? source : source.turnedTo(like));
    }
    return sources;
  }
}
