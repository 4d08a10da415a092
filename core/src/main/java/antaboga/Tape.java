// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.ops.Reduction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Records the operations of one training step and owns their memory.
 *
 * <pre>{@code
 * try (var tape = new Tape(seed + step)) {
 *   var loss = dice.of(student.forward(batch.image()), batch.mask());
 *   optimizer.step(tape.gradients(loss), rate);
 * }
 * }</pre>
 *
 * <p>A tape belongs to the thread that opened it; tapes nest and close in reverse order. Under an
 * open tape a pass is a training pass (dropout, batch statistics), without one it is inference.
 * What must outlive the tape is copied out by {@link Tensor#detach()}.
 */
public final class Tape implements AutoCloseable {
  /** What a paused stretch of a step computes. */
  public enum Mode {
    /** Batch statistics and dropout, as in the step around it. */
    TRAIN,
    /** Inference, as without a tape. */
    INFER
  }

  /** What was recorded: an operation, or a stretch of them. */
  interface Node {
    Tensor output();

    /** Adds what the output's gradient gives to the gradients of what it was computed from. */
    void back(Tape tape, INDArray gradient, Gradients gradients);

    /** What it is; for messages. */
    String name(Tape tape);
  }

  private record Operation(Op op, List<Tensor> inputs, Tensor output, Op.Backward backward)
      implements Node {
    @Override
    public void back(Tape tape, INDArray gradient, Gradients gradients) {
      var needed = new boolean[inputs.size()];
      for (int i = 0; i < needed.length; i++) {
        needed[i] = tape.tracks(inputs.get(i));
      }
      long start = System.nanoTime();
      if (op instanceof Op.Part part) {
        part.addBack(gradient, gradients.whole(inputs.get(0)));
        tape.clock(op).backward += System.nanoTime() - start;
        return;
      }
      var back = backward.apply(gradient, needed);
      tape.clock(op).backward += System.nanoTime() - start;
      for (int i = 0; i < needed.length; i++) {
        if (needed[i]) {
          gradients.add(inputs.get(i), back[i]);
        }
      }
    }

    @Override
    public String name(Tape tape) {
      return op.toString();
    }
  }

  /**
   * What the operations of one kind took on a tape, in all.
   *
   * @param operation its name, such as {@code Linear}
   * @param calls forwards
   */
  public record Cost(String operation, int calls, Duration forward, Duration backward) {}

  private static final class Clock {
    int calls;
    long forward; // nanoseconds
    long backward;
  }

  private static final ThreadLocal<@Nullable Tape> CURRENT = new ThreadLocal<>();

  // grows to what a step needs and is reused by the next one, so that memory stays flat
  private static final WorkspaceConfiguration REUSED_MEMORY =
      WorkspaceConfiguration.builder()
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .policySpill(SpillPolicy.REALLOCATE)
          .build();

  // gradients of so many operations live until the last of them: fewer would be copied more often
  private static final int SWEPT_TOGETHER = 32;

  private final @Nullable Tape outer;
  private final int depth;
  private final MemoryWorkspace memory;
  private final boolean inside; // of a stretch that is recomputed
  private final boolean repeating;
  private @Nullable MemoryWorkspace sweeping;
  private StepRandom random;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Clock> clocks = new TreeMap<>();
  private boolean recording;
  private boolean training;
  private boolean closed;

  /**
   * Opens a tape on this thread.
   *
   * @param seed of the step's randomness (dropout, drop path): a step is a function of its seed
   */
  public Tape(long seed) {
    this(new StepRandom(seed), false, false);
    this.recording = true;
    this.training = true;
  }

  private Tape(StepRandom random, boolean inside, boolean repeating) {
    this.outer = CURRENT.get();
    this.depth = outer == null ? 0 : outer.depth + 1;
    this.inside = inside;
    this.repeating = repeating || (outer != null && outer.repeating);
    this.random = random;
    this.memory = workspace("antaboga.tape." + depth);
    CURRENT.set(this);
  }

  private static MemoryWorkspace workspace(String name) {
    return Nd4j.getWorkspaceManager().getAndActivateWorkspace(REUSED_MEMORY, name);
  }

  /** The gradients of a scalar loss with respect to every parameter and watched tensor. */
  public Gradients gradients(Tensor loss) {
    if (loss.shape().elements() != 1) {
      throw new ShapeException(
          "gradients: loss has shape " + loss.shape() + ", expected a scalar; sum or mean it");
    }
    return gradients(loss, Tensor.of(loss.array().dup('c').assign(1)));
  }

  /**
   * The gradients of {@code sum(output * upstream)}.
   *
   * @throws IllegalStateException if the tape is closed, or another one is open above it
   */
  public Gradients gradients(Tensor output, Tensor upstream) {
    requireOnTop("gradients");
    if (!tracks(output)) {
      throw new IllegalStateException(
          "gradients: the output depends on no parameter or watched tensor of this tape");
    }
    var gradients = new Gradients();
    gradients.add(output, upstream.array());
    sweep(gradients);
    return gradients;
  }

  /** Takes the gradients of values backwards to leaves, and gives memory back on the way. */
  void sweep(Gradients gradients) {
    for (int to = nodes.size(); to > 0; to -= SWEPT_TOGETHER) {
      int end = to;
      int start = Math.max(0, end - SWEPT_TOGETHER);
      try (var sweep = workspace("antaboga.sweep." + depth)) {
        sweeping = sweep;
        gradients.sweep(
            () -> sweep(start, end, gradients),
            tensor -> !inside || tensor.owner() == this,
            memory,
            outer == null || outer.sweeping == null ? memory : outer.sweeping);
      }
    }
  }

  private void sweep(int from, int to, Gradients gradients) {
    for (int n = to - 1; n >= from; n--) {
      var node = nodes.get(n);
      var gradient = gradients.take(node.output());
      if (gradient != null) { // else the loss does not depend on it
        node.back(this, gradient, gradients);
      }
    }
  }

  boolean tracks(Tensor tensor) {
    return tensor instanceof Parameter parameter
        ? parameter.trainable()
        : tensor.tracked() && reaches(tensor.owner());
  }

  /** Whether that is this tape, or the one around a stretch that this tape is inside of. */
  private boolean reaches(@Nullable Tape owner) {
    return owner == this || (inside && outer != null && outer.reaches(owner));
  }

  /** The same values as a leaf of this tape, so that gradients reach it. */
  public Tensor watch(Tensor tensor) {
    requireOnTop("watch");
    return new Tensor(tensor.array(), this, true);
  }

  /**
   * The first recorded operation whose value holds NaN or an infinity, with its number and shape;
   * empty when all are finite.
   */
  public Optional<String> firstNonFinite() {
    for (int n = 0; n < nodes.size(); n++) {
      var node = nodes.get(n);
      if (!Reduction.isFinite(node.output().array())) {
        return Optional.of(
            "operation %d of %d, %s, output %s"
                .formatted(n + 1, nodes.size(), node.name(this), node.output().shape()));
      }
    }
    return Optional.empty();
  }

  /** The randomness of this step. */
  public RandomGenerator random() {
    return random;
  }

  StepRandom randomness() {
    return random;
  }

  /** The innermost tape that is open on this thread. */
  public static Optional<Tape> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** Whether a pass on this thread is a training pass now. */
  public static boolean training() {
    var tape = CURRENT.get();
    return tape != null && tape.training;
  }

  /** Computes without recording, as in inference: for a teacher inside a step. */
  public static <T> T paused(Supplier<T> pass) {
    return paused(Mode.INFER, pass);
  }

  /** Computes without recording, in the given mode. */
  public static <T> T paused(Mode mode, Supplier<T> pass) {
    var tape = CURRENT.get();
    if (tape == null) {
      return pass.get();
    }
    boolean recording = tape.recording;
    boolean training = tape.training;
    tape.recording = false;
    tape.training = training && mode == Mode.TRAIN;
    try {
      return pass.get();
    } finally {
      tape.recording = recording;
      tape.training = training;
    }
  }

  /**
   * Computes with randomness of its own, apart from that of the step: two passes with one seed drop
   * the same, so that they differ only where their inputs do.
   */
  public static <T> T seeded(long seed, Supplier<T> pass) {
    var tape = CURRENT.get();
    if (tape == null) {
      return pass.get(); // an inference pass draws nothing
    }
    var random = tape.random;
    tape.random = new StepRandom(seed);
    try {
      return pass.get();
    } finally {
      tape.random = random;
    }
  }

  /**
   * Runs an inference pass whose intermediate results share one reused stretch of memory, so that
   * memory stays flat over many images; the result is copied out of it.
   */
  public static Tensor scoped(Supplier<Tensor> pass) {
    try (var scope = new Tape(new StepRandom(0), false, false)) {
      var result = pass.get();
      scope.requireOnTop("scoped");
      return result.detach();
    }
  }

  /**
   * Computes a stretch of a pass and keeps its result alone: what lies inside is computed again
   * when its gradient is asked for. That costs another pass through the stretch and saves the
   * memory of all its values and their gradients. Values, gradients and what is drawn at random are
   * those of the stretch as it stands, bit for bit. Without a tape nothing changes; where a tape is
   * {@link #paused} memory is saved as well, and there is no other pass.
   *
   * <pre>{@code
   * x = Tape.recomputed(() -> block.forward(x));
   * }</pre>
   *
   * <p>Source: Chen et al. 2016, arXiv 1604.06174; {@code torch.utils.checkpoint}.
   *
   * @param stretch a function of tensors and parameters that do not change until the tape closes;
   *     what it does beside its result should heed {@link #repeating()}
   */
  public static Tensor recomputed(Supplier<Tensor> stretch) {
    var tape = CURRENT.get();
    return tape == null ? stretch.get() : Recompute.on(tape, stretch);
  }

  /**
   * Whether this pass was taken before and is repeated for its gradients only, so that what it
   * counts or averages on the way has been counted.
   */
  public static boolean repeating() {
    var tape = CURRENT.get();
    return tape != null && tape.repeating;
  }

  /** A tape for a stretch, which tracks what the tape around it tracks. */
  static Tape inside(Tape around, StepRandom random, boolean repeating) {
    around.requireOnTop("recomputed");
    var tape = new Tape(random, true, repeating);
    tape.recording = around.recording;
    tape.training = around.training;
    return tape;
  }

  /** A copy of a value that a tape inside has computed, in the memory of this one. */
  @SuppressWarnings("try") // lends by being open
  Tensor keep(Tensor value, boolean tracked) {
    try (var lent = memory.notifyScopeBorrowed()) {
      return new Tensor(value.array().dup('c'), this, tracked);
    }
  }

  void add(Node node) {
    nodes.add(node);
  }

  /**
   * Applies an operation and records it if a tape is open that tracks one of the inputs. All of
   * {@link Tensor}'s operations pass here.
   */
  public static Tensor apply(Op op, Tensor... inputs) {
    var arrays = new INDArray[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      arrays[i] = inputs[i].array();
    }
    var tape = CURRENT.get();
    if (tape == null) {
      return new Tensor(op.apply(arrays).array(), null, false);
    }
    long start = System.nanoTime();
    var value = op.apply(arrays);
    var clock = tape.clock(op);
    clock.calls++;
    clock.forward += System.nanoTime() - start;
    boolean tracked = false;
    for (int i = 0; tape.recording && i < inputs.length; i++) {
      tracked |= tape.tracks(inputs[i]);
    }
    var output = new Tensor(value.array(), tape, tracked);
    if (tracked) {
      tape.nodes.add(new Operation(op, List.of(inputs), output, value.backward()));
    }
    return output;
  }

  private Clock clock(Op op) {
    return clocks.computeIfAbsent(op.getClass().getSimpleName(), name -> new Clock());
  }

  /**
   * Where the time of this tape's operations went, by their kind; those inside a stretch that is
   * {@link #recomputed} stand on tapes of their own.
   */
  public List<Cost> costs() {
    return clocks.entrySet().stream()
        .map(
            e -> {
              var clock = e.getValue();
              return new Cost(
                  e.getKey(),
                  clock.calls,
                  Duration.ofNanos(clock.forward),
                  Duration.ofNanos(clock.backward));
            })
        .toList();
  }

  /** Whether this tape has been closed, and its memory with it. */
  public boolean isClosed() {
    return closed;
  }

  private void requireOnTop(String operation) {
    if (closed) {
      throw new IllegalStateException(operation + ": the tape is closed");
    }
    if (CURRENT.get() != this) {
      throw new IllegalStateException(
          operation + ": this tape is not the innermost one open on this thread");
    }
  }

  /** Gives the memory of the step back; tensors of this tape are invalid from here on. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    requireOnTop("close");
    closed = true;
    nodes.clear();
    if (outer == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(outer);
    }
    memory.close();
  }

  @Override
  public String toString() {
    return "Tape of " + nodes.size() + " operations" + (closed ? ", closed" : "");
  }
}
