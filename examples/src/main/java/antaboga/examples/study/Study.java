// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.distill.semi.SemiSupervisedTraining.NonFinite;
import antaboga.examples.run.Failure;
import antaboga.examples.run.Network;
import antaboga.examples.run.Pretraining;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.TeacherRun;
import antaboga.nn.data.Variation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a study's file says: which sets, shares of labels, seeds and methods, and what is compared.
 *
 * @param file where it was read
 * @param data the folder that holds the sets, unless another one is given
 * @param sets the names of the sets' folders
 * @param shares per cent of the training images whose masks are read
 * @param seeds of first weights, order and noise; the labelled list does not depend on them
 * @param teacher the teacher that some methods ask
 * @param methods in the order of the file
 * @param comparison which of them is ours, and against which it is held
 */
record Study(
    Path file,
    Path data,
    List<String> sets,
    List<Integer> shares,
    List<Long> seeds,
    Optional<Teacher> teacher,
    List<Method> methods,
    Comparison comparison) {
  /**
   * A teacher: a file, or one for each set, trained on the other sets.
   *
   * @param file a checkpoint of SAM's architecture, if there is one
   * @param also sets that every teacher learns from, beside the study's others
   * @param manyObjects sets whose masks show many objects each
   * @param sizes of the image encoder
   * @param inverted the share of images whose brightness is turned round; empty to turn the sets
   *     whose objects are brighter than their surroundings where the target's labelled ones are
   *     darker, and the other way round
   * @param tune steps for which the decoder is then tuned on the labelled images of a cell that
   *     asks it for masks; 0 to leave it
   */
  record Teacher(
      Optional<Path> file,
      List<String> also,
      List<String> manyObjects,
      Pretraining.Sizes sizes,
      int steps,
      int batch,
      double rate,
      long seed,
      int saveEvery,
      OptionalDouble inverted,
      int tune) {
    TeacherRun.Config training() {
      return new TeacherRun.Config(sizes.config(), steps, batch, rate, seed, saveEvery);
    }

    /** What its result depends on: not how often it is saved. */
    @Override
    public String toString() {
      return "teacher: %s, %d steps, batch %d, rate %s, seed %d, many objects in %s, inverted %s"
          .formatted(sizes.config(), steps, batch, rate, seed, manyObjects, inverted);
    }
  }

  /** What a method is: a recipe, given the teacher if it needs one. */
  enum Kind {
    SUPERVISED,
    MEAN_TEACHER,
    UA_MT,
    CPS,
    UNIMATCH,
    BCP,
    FEATURES,
    ANTABOGA;

    boolean needsTeacher() {
      return this == FEATURES || this == ANTABOGA;
    }

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    static Kind named(String name) {
      return List.of(values()).stream()
          .filter(kind -> kind.toString().equals(name))
          .findFirst()
          .orElseThrow();
    }

    static List<String> names() {
      return List.of(values()).stream().map(Kind::toString).toList();
    }
  }

  /**
   * A method.
   *
   * @param name in tables and folders
   * @param kind its recipe
   * @param share its own share of labels; empty for each of the study's
   * @param training lengths and sizes; its seed is the cell's
   * @param warm steps on the other sets' training images before the first on its own; 0 for none
   * @param terms of the whole method; of plain distillation, the taps and the weight
   * @param strong the weight of strong views of labelled images, where there are labels alone
   * @param untrained whether its teacher is left as it was drawn, for control
   * @param committee the method whose students, of all seeds, say what its strong views teach;
   *     empty for the student's own average
   */
  record Method(
      String name,
      Kind kind,
      OptionalInt share,
      StudentRun.Config training,
      int warm,
      Recipe.Terms terms,
      double strong,
      boolean untrained,
      Optional<String> committee) {
    boolean sitsAs(String member) {
      return name.equals(member) && committee.isEmpty();
    }
  }

  /**
   * What is compared.
   *
   * @param ours the method that is held against the others
   * @param against the others
   * @param floor the method with few labels that the gap begins at
   * @param ceiling the method with all labels that the gap ends at
   */
  record Comparison(
      Optional<String> ours,
      List<String> against,
      Optional<String> floor,
      Optional<String> ceiling) {}

  private static final Set<String> TRAINING =
      new LinkedHashSet<>(
          List.of(
              "network",
              "z-score",
              "vary",
              "size",
              "steps",
              "labelled-batch",
              "unlabelled-batch",
              "rate",
              "averaging",
              "save-every",
              "validate-every"));

  /** Reads a study; relative paths are seen from its folder. */
  static Study read(Path file) {
    var yaml = Yaml.read(file);
    var folder = file.toAbsolutePath().normalize().resolveSibling("");
    var data = folder.resolve(yaml.text("data", ".")).normalize();
    var sets = yaml.texts("sets");
    sets.forEach(set -> requireName(set, file));
    var shares = yaml.integers("labels", 1, 100).stream().map(Long::intValue).toList();
    var seeds = yaml.integers("seeds", Long.MIN_VALUE, Long.MAX_VALUE);
    TRAINING.forEach(name -> yaml.text(name, "")); // they are the methods' defaults
    var teacher = yaml.find("teacher").map(t -> teacher(t, folder));
    var all = yaml.at("methods");
    var methods = new ArrayList<Method>();
    for (var name : all.names()) {
      requireName(name, file);
      methods.add(method(name, all.at(name), yaml));
    }
    for (var method : methods) {
      if (method.kind.needsTeacher() && teacher.isEmpty()) {
        throw new Failure(
            "method %s needs a teacher".formatted(method.name), file, "describe one at teacher:");
      }
    }
    var comparison =
        yaml.find("compare")
            .map(c -> comparison(c, methods))
            .orElse(
                new Comparison(Optional.empty(), List.of(), Optional.empty(), Optional.empty()));
    yaml.requireAllAsked();
    var study = new Study(file, data, sets, shares, seeds, teacher, methods, comparison);
    study.requireWarmStarts();
    study.requireCommittees();
    return study;
  }

  private void requireWarmStarts() {
    for (var method : methods) {
      for (var set : sets) {
        if (method.warm > 0 && warming(set).isEmpty()) {
          throw new Failure(
              "method %s starts on other sets, and beside %s there is none"
                  .formatted(method.name, set),
              file,
              "name one more at sets: or teacher.also:");
        }
      }
    }
  }

  private void requireCommittees() {
    for (var method : methods) {
      method.committee.ifPresent(
          name -> {
            boolean alone = methods.stream().anyMatch(m -> m.sitsAs(name));
            if (!alone) {
              throw new Failure(
                  "method %s asks a committee of %s".formatted(method.name, name),
                  file,
                  "name a method without a committee of its own");
            }
          });
    }
  }

  /** The cells whose students a cell's committee consists of. */
  List<Cell> committee(Cell cell) {
    var name = cell.method().committee().orElse("");
    return methods.stream()
        .filter(m -> m.sitsAs(name))
        .flatMap(m -> seeds.stream().map(s -> new Cell(cell.set(), cell.share(), m, s)))
        .toList();
  }

  /** The sets that a student starts on before it meets the target: of single lesions alone. */
  List<String> warming(String target) {
    return others(target).stream()
        .filter(name -> teacher.stream().noneMatch(t -> t.manyObjects().contains(name)))
        .toList();
  }

  // names become folders, and parts of the patterns that choose cells
  private static void requireName(String name, Path file) {
    if (!name.matches("[\\w.+-]*\\w[\\w.+-]*")) {
      throw new Failure(
          "'%s' cannot name a folder".formatted(name), file, "use letters, digits and - alone");
    }
  }

  /** The same with the sets in another folder. */
  Study withData(Path folder) {
    return new Study(file, folder, sets, shares, seeds, teacher, methods, comparison);
  }

  private static Teacher teacher(Yaml yaml, Path folder) {
    if (yaml.has("file")) {
      var path = folder.resolve(yaml.text("file")).normalize();
      int tuned = tune(yaml);
      int few = (int) yaml.integer("batch", 1, 1024, 1);
      yaml.requireAllAsked();
      var none = new Pretraining.Sizes(0, 1, 0, 0, 0, Set.of());
      return new Teacher(
          Optional.of(path),
          List.of(),
          List.of(),
          none,
          0,
          few,
          0,
          1337,
          200,
          OptionalDouble.empty(),
          tuned);
    }
    boolean matched = yaml.text("inverted", "match").equals("match");
    int patch = (int) yaml.integer("patch", 1, 64, 8);
    var sizes =
        new Pretraining.Sizes(
            yaml.multiple("size", patch, 128),
            patch,
            yaml.multiple("width", 64, 192),
            (int) yaml.integer("depth", 1, 24, 6),
            (int) yaml.integer("window", 0, 1024, 0),
            yaml.has("global") ? global(yaml) : Set.of());
    var teacher =
        new Teacher(
            Optional.empty(),
            yaml.texts("also", List.of()),
            yaml.texts("many-objects", List.of()),
            sizes,
            (int) yaml.integer("steps", 1, Integer.MAX_VALUE),
            (int) yaml.integer("batch", 1, 1024, 8),
            yaml.number("rate", 3e-4),
            yaml.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 1337),
            (int) yaml.integer("save-every", 1, Integer.MAX_VALUE, 200),
            matched ? OptionalDouble.empty() : OptionalDouble.of(yaml.number("inverted", 0)),
            tune(yaml));
    yaml.requireAllAsked();
    return teacher;
  }

  private static int tune(Yaml yaml) {
    return (int) yaml.integer("tune", 0, Integer.MAX_VALUE, 0);
  }

  private static Set<Integer> global(Yaml yaml) {
    return Set.copyOf(yaml.integers("global", 0, 23).stream().map(Long::intValue).toList());
  }

  private static Method method(String name, Yaml own, Yaml study) {
    var yaml = own.over(study, TRAINING);
    var kind = Kind.named(yaml.among("recipe", Kind.names()));
    var network = network(yaml);
    int batch = (int) yaml.integer("labelled-batch", 1, 1024, 4);
    int steps = (int) yaml.integer("steps", 1, Integer.MAX_VALUE);
    var training =
        new StudentRun.Config(
            network,
            yaml.flag("z-score", false),
            yaml.flag("vary", false) ? Variation.moderate() : Variation.none(),
            yaml.multiple("size", 32, 128),
            steps,
            batch,
            (int) yaml.integer("unlabelled-batch", 1, 1024, batch),
            yaml.number("rate", 1e-3),
            yaml.number("averaging", 0.99),
            0,
            (int) yaml.integer("save-every", 1, Integer.MAX_VALUE, Math.max(1, steps / 10)),
            (int) yaml.integer("validate-every", 1, Integer.MAX_VALUE, Math.max(1, steps / 10)),
            NonFinite.STOP);
    var share =
        yaml.has("labels")
            ? OptionalInt.of((int) yaml.integer("labels", 1, 100))
            : OptionalInt.empty();
    int warm = (int) yaml.integer("warm-start", 0, Integer.MAX_VALUE, 0);
    boolean untrained = kind.needsTeacher() && yaml.flag("untrained-teacher", false);
    var terms = terms(yaml, kind, network);
    double strong = kind == Kind.SUPERVISED ? yaml.number("strong", 0) : terms.strong();
    var committee =
        kind == Kind.ANTABOGA && yaml.has("committee")
            ? Optional.of(yaml.text("committee"))
            : Optional.<String>empty();
    var method = new Method(name, kind, share, training, warm, terms, strong, untrained, committee);
    yaml.requireAllAsked();
    return method;
  }

  private static Network network(Yaml yaml) {
    var standard = Network.VSS_UNET_TINY.toString();
    return Network.named(yaml.among("network", Network.names(), standard)).orElseThrow();
  }

  private static Recipe.Terms terms(Yaml yaml, Kind kind, Network network) {
    var standard = Recipe.Terms.of(1, 1, 0.5, 0.1, false, network.taps());
    if (!kind.needsTeacher()) {
      return standard;
    }
    var taps = yaml.texts("taps", standard.taps());
    double weight = yaml.number("teacher-weight", standard.distillation());
    if (kind == Kind.FEATURES) {
      return Recipe.Terms.of(weight, 0, 0, 0, false, taps);
    }
    return new Recipe.Terms(
        weight,
        yaml.number("response", standard.response()),
        yaml.number("orthogonality", standard.orthogonality()),
        yaml.number("distribution", standard.distribution()),
        yaml.number("align", standard.align()),
        yaml.number("separate", standard.separate()),
        yaml.number("posterior", standard.posterior()),
        yaml.number("consistency", standard.consistency()),
        yaml.number("masks", standard.masks()),
        yaml.number("strong", standard.strong()),
        yaml.flag("fixed-projectors", standard.fixed()),
        taps,
        yaml.number("ramp-start", standard.rampStart()),
        yaml.number("ramp-length", standard.rampLength()));
  }

  private static Comparison comparison(Yaml yaml, List<Method> methods) {
    var names = methods.stream().map(Method::name).toList();
    var comparison =
        new Comparison(
            named(yaml, "ours", names),
            yaml.textsAmong("against", names),
            named(yaml, "floor", names),
            named(yaml, "ceiling", names));
    yaml.requireAllAsked();
    return comparison;
  }

  private static Optional<String> named(Yaml yaml, String role, List<String> names) {
    var name = yaml.text(role, "");
    return name.isEmpty() ? Optional.empty() : Optional.of(yaml.among(role, names));
  }

  /** What is learned from before a target is met: the other sets, and those named for teachers. */
  List<String> others(String target) {
    var also = teacher.stream().flatMap(t -> t.also().stream());
    return Stream.concat(sets.stream(), also)
        .distinct()
        .filter(name -> !name.equals(target))
        .toList();
  }

  /** Every training of a student, the first seed of all of them first. */
  List<Cell> cells() {
    var cells = new LinkedHashSet<Cell>();
    for (long seed : seeds) {
      for (int share : shares) {
        for (var set : sets) {
          for (var method : methods) {
            cells.add(new Cell(set, method.share.orElse(share), method, seed));
          }
        }
      }
    }
    return List.copyOf(cells);
  }
}
