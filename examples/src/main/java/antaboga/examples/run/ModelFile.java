// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.ShapeException;
import antaboga.distill.semi.Students;
import antaboga.io.Checkpoint;
import antaboga.medsam.MedSam;
import antaboga.medsam.MemoryBudget;
import antaboga.medsam.TrainableSam;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.ZScored;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Models on the disk: safetensors whose metadata say which model they hold, and MedSAM's own {@code
 * .pth}. Opening reads the index alone, so that a file of another model is refused at once.
 */
public final class ModelFile {
  private static final String KIND = "antaboga.model";
  private static final String TEACHER = "sam";
  private static final String SIZE = "antaboga.size";
  private static final String PREPARATION = "antaboga.preprocessing";
  private static final String MIN_MAX = "square, cubic spline, bytes, min-max to [0, 1]";
  private static final String Z_SCORE = MIN_MAX + ", mean 0 and variance 1";

  /**
   * A trained student.
   *
   * @param network as it was built
   * @param zScore whether it is shown images as {@link ZScored} tells
   * @param size side of its square input in pixels
   */
  public record Student(Segmenter network, boolean zScore, int size) {
    /** Takes images in [0, 1]. */
    public Segmenter segmenter() {
      return zScore ? ZScored.of(network) : network;
    }
  }

  private final Path path;
  private final Checkpoint checkpoint;

  private ModelFile(Path path, Checkpoint checkpoint) {
    this.path = path;
    this.checkpoint = checkpoint;
  }

  /**
   * Reads the index of a file.
   *
   * @throws Failure if there is none, or it is no checkpoint
   */
  public static ModelFile open(Path path) {
    if (Files.isDirectory(path)) {
      throw new Failure("checkpoint is a folder", path, "name the file in it");
    }
    if (!Files.exists(path)) {
      throw new Failure("no such checkpoint", path, "check the name");
    }
    try {
      return new ModelFile(path, Checkpoint.open(path));
    } catch (IOException e) {
      throw new Failure(
          "not a checkpoint (%s)".formatted(reason(e, path)),
          path,
          "give a .safetensors file of antaboga pretrain or train, or medsam_vit_b.pth",
          e);
    }
  }

  private static String reason(Exception e, Path path) {
    var text = String.valueOf(e.getMessage());
    return text.startsWith(path + ": ") ? text.substring(path.toString().length() + 2) : text;
  }

  /** Where it lies. */
  public Path path() {
    return path;
  }

  /** What it says of itself. */
  public Map<String, String> metadata() {
    return checkpoint.metadata();
  }

  /** Whether it holds a student. */
  public boolean isStudent() {
    return network().isPresent();
  }

  private Optional<Network> network() {
    return Optional.ofNullable(metadata().get(KIND)).flatMap(Network::named);
  }

  /** Whether it holds a teacher: one of ours, or MedSAM's published weights. */
  public boolean isTeacher() {
    if (isTrainingState()) {
      return false;
    }
    if (TEACHER.equals(metadata().get(KIND))) {
      return true;
    }
    return !isStudent()
        && checkpoint.stateDict().names().stream().anyMatch(n -> n.contains("_encoder."));
  }

  /** Whether it is what an unfinished run goes on from. */
  private boolean isTrainingState() {
    var about = metadata();
    return about.containsKey("step") && (about.containsKey("run") || about.containsKey("format"));
  }

  private void requireFinished() {
    if (isTrainingState()) {
      throw new Failure(
          "checkpoint is a state to resume training from",
          path,
          "give the student.safetensors or teacher.safetensors that the run writes when it ends");
    }
  }

  /** Refuses a file of another model, by its index alone. */
  public void requireStudent() {
    requireFinished();
    if (!isStudent()) {
      throw new Failure(
          "checkpoint holds %s, expected a student".formatted(kind()),
          path,
          "give the student.safetensors of antaboga train");
    }
  }

  /**
   * The student.
   *
   * @throws Failure if it holds another model
   */
  public Student student() {
    requireStudent();
    try {
      var network = network().orElseThrow();
      var student = Weights.load(checkpoint.arrays(), w -> network.build(w.frozen()));
      boolean zScore = Z_SCORE.equals(metadata().get(PREPARATION));
      return new Student(student, zScore, Integer.parseInt(metadata().getOrDefault(SIZE, "256")));
    } catch (IOException | IllegalStateException | ShapeException e) {
      throw new Failure(
          "checkpoint does not fit the student (%s)".formatted(reason(e, path)),
          path,
          "train it again with this version",
          e);
    }
  }

  /** Lets students of a run begin as this one, which must be of its network. */
  void assignTo(Students students, StudentRun.Config config) {
    requireStudent();
    var own = studentMetadata(config);
    for (var key : List.of(KIND, PREPARATION)) {
      var found = metadata().get(key);
      if (!Objects.equals(own.get(key), found)) {
        throw new Failure(
            "student to start from is of another kind (%s; this run has %s)"
                .formatted(found, own.get(key)),
            path,
            "give the same --student and --z-score as it was trained with");
      }
    }
    try {
      students.weights().assign(checkpoint.arrays());
      students.averageWeights().assign(checkpoint.arrays());
    } catch (IOException | IllegalStateException | ShapeException e) {
      throw new Failure(
          "checkpoint does not fit the student (%s)".formatted(reason(e, path)),
          path,
          "train it again with this version",
          e);
    }
  }

  /** Refuses a file of another model, by its index alone. */
  public void requireTeacher() {
    requireFinished();
    if (!isTeacher()) {
      throw new Failure(
          "checkpoint holds %s, expected a teacher".formatted(kind()),
          path,
          "give the teacher.safetensors of antaboga pretrain, or medsam_vit_b.pth");
    }
  }

  /**
   * The teacher.
   *
   * @throws Failure if it holds another model
   */
  public MedSam teacher() {
    return teacher(MemoryBudget.unlimited());
  }

  /**
   * The teacher, within a memory budget.
   *
   * @throws Failure if it holds another model
   */
  public MedSam teacher(MemoryBudget budget) {
    return sam(() -> MedSam.load(path, budget));
  }

  /**
   * The teacher for images of another size than its own.
   *
   * @throws IllegalArgumentException if its patches do not divide the size
   */
  public MedSam teacher(int pixels) {
    return sam(() -> MedSam.load(path, TrainableSam.sizes(path).withInput(pixels)));
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private <T> T sam(Reading<T> reading) {
    requireTeacher();
    try {
      return reading.read();
    } catch (IOException e) {
      throw new Failure(
          "checkpoint does not fit the teacher (%s)".formatted(reason(e, path)),
          path,
          "give the teacher.safetensors of antaboga pretrain, or medsam_vit_b.pth",
          e);
    }
  }

  /** Side of the square input that the teacher is made for, in pixels. */
  int inputSize() {
    return sam(() -> TrainableSam.sizes(path)).input();
  }

  /** This file's teacher, some parts of which are to be trained. */
  public TrainableSam trainable(TrainedParts parts) {
    return sam(() -> TrainableSam.load(path, parts));
  }

  /** This file's teacher, whose embeddings are kept in a folder. */
  public Guide guide(Path cache) {
    return new Guide(teacher(), fingerprint(), cache);
  }

  /** A name for the file's content. */
  public String fingerprint() {
    try (var in = new DigestInputStream(Files.newInputStream(path), sha256())) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest()).substring(0, 32);
    } catch (IOException e) {
      throw new Failure("checkpoint cannot be read", path, "check the file", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private String kind() {
    if (isStudent()) {
      return "a student";
    }
    if (isTeacher()) {
      return "a teacher";
    }
    return "another model (%s)"
        .formatted(checkpoint.names().stream().limit(2).collect(Collectors.joining(", ")));
  }

  /** What a student's file says, beside what the caller adds. */
  static Map<String, String> studentMetadata(StudentRun.Config config) {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put(KIND, config.network().toString());
    metadata.put(SIZE, Integer.toString(config.size()));
    metadata.put(PREPARATION, config.zScore() ? Z_SCORE : MIN_MAX);
    return metadata;
  }

  /** What a teacher's file says. */
  static Map<String, String> teacherMetadata() {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put(KIND, TEACHER);
    metadata.put(PREPARATION, MIN_MAX);
    return metadata;
  }
}
