// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.NativeMemory;
import antaboga.medsam.model.ImageEncoder;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * MedSAM: a box around an object in a medical image gives the object's mask.
 *
 * <pre>{@code
 * var medsam = MedSam.load(Path.of("medsam_vit_b.pth"));
 * var scene = medsam.encode(image);                  // once per image
 * var mask = scene.segment(new Box(95, 255, 190, 350)); // once per box
 * mask.write(Path.of("liver.png"));
 * }</pre>
 *
 * <p>A model never changes and may serve many threads at once, each with passes of its own or,
 * within a {@link MemoryBudget}, one after the other. {@link #close} gives its memory back at once
 * rather than when Java's collector gets round to it. Source: Ma et al. 2024, Segment Anything in
 * Medical Images, Nature Communications 15, 654.
 */
public final class MedSam implements AutoCloseable {
  private final Sam sam;
  private final PassMemory memory;
  private final Passes passes;
  private final Optional<Weights> own; // of a loaded model: nobody else has them unless lent
  private final Object fingerprinting = new Object();
  private String fingerprint = ""; // until somebody asks
  private volatile boolean lent;

  private MedSam(Sam sam, Passes passes, Optional<Weights> own) {
    this.sam = sam;
    this.memory = new PassMemory(sam.config());
    this.passes = passes;
    this.own = own;
  }

  /**
   * A model of the size that its parameters show, from {@code medsam_vit_b.pth}, a published SAM or
   * a safetensors file; names as in segment_anything or in Hugging Face's edition.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSam load(Path path) throws IOException {
    return load(path, MemoryBudget.unlimited());
  }

  /**
   * A model of the size that its parameters show, within a memory budget.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   * @throws MemoryBudgetException if the parameters alone need more; they are not read then
   */
  public static MedSam load(Path path, MemoryBudget budget) throws IOException {
    var checkpoint = SamCheckpoint.open(path);
    return load(checkpoint, checkpoint.config(), budget);
  }

  /**
   * A model of a known size from its checkpoint.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSam load(Path path, MedSamConfig config) throws IOException {
    return load(path, config, MemoryBudget.unlimited());
  }

  /**
   * A model of a known size from its checkpoint, within a memory budget.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   * @throws MemoryBudgetException if the parameters alone need more; they are not read then
   */
  public static MedSam load(Path path, MedSamConfig config, MemoryBudget budget)
      throws IOException {
    return load(SamCheckpoint.open(path), config, budget);
  }

  private static MedSam load(SamCheckpoint checkpoint, MedSamConfig config, MemoryBudget budget)
      throws IOException {
    budget.require("the model", checkpoint.bytes());
    var own = new AtomicReference<Weights>();
    var sam =
        checkpoint.load(
            config,
            w -> {
              own.set(w.frozen());
              return new Sam(w.frozen(), config);
            });
    var passes = new Passes(budget, checkpoint.bytes());
    return new MedSam(sam, passes, Optional.ofNullable(own.get()));
  }

  /** A model that is there already, such as one in training; its parameters stay the caller's. */
  public static MedSam of(Sam sam) {
    return of(sam, MemoryBudget.unlimited());
  }

  /** The same within a memory budget, which the parameters of the caller do not count for. */
  public static MedSam of(Sam sam, MemoryBudget budget) {
    return new MedSam(sam, new Passes(budget, 0), Optional.empty());
  }

  /**
   * The model's parts. Once they were asked for, {@link #close} leaves the parameters to Java's
   * collector, since somebody may still use them.
   *
   * @throws ModelClosedException if it is closed
   */
  public Sam model() {
    lent = true;
    passes.requireOpen("model");
    return sam;
  }

  /** The image encoder, as {@link #model}: (B, 3, H, W) to (B, 256, H/16, W/16). */
  public ImageEncoder imageEncoder() {
    return model().imageEncoder();
  }

  /** How much memory it may take. */
  public MemoryBudget budget() {
    return passes.budget();
  }

  /**
   * Encodes an image, prepared in MedSAM's way, once for all of its prompts; an inference pass,
   * even under a tape.
   *
   * @throws ModelClosedException if the model is closed
   * @throws MemoryBudgetException if that does not fit the {@link MemoryBudget}
   */
  public Scene encode(Image image) {
    return encode(image, Preparation.MEDSAM);
  }

  /**
   * Encodes an image that is prepared in this way: {@link Preparation#SAM} for checkpoints of SAM
   * itself; else as {@link #encode(Image)}.
   */
  public Scene encode(Image image, Preparation preparation) {
    var frame = Frame.of(preparation, sam.config().input(), image);
    var embedding = pass("encode", memory.encoding(), () -> embedding(image, frame));
    return new Scene(this, embedding, frame);
  }

  private Tensor embedding(Image image, Frame frame) {
    var prepared = Tape.scoped(() -> frame.prepared(image));
    try {
      return Tape.paused(() -> sam.imageEncoder().forward(prepared));
    } finally {
      prepared.array().close(); // 12 MB that Java's collector would not see
    }
  }

  /**
   * An encoded image that {@link Scene#write} has written.
   *
   * @throws OtherModelException if it was encoded with another image encoder
   * @throws antaboga.io.FormatException if the file is no scene, or a damaged one
   * @throws IllegalStateException if this model was not loaded from a file, or is closed
   */
  public Scene scene(Path path) throws IOException {
    var file = SceneFile.read(path, fingerprint(), sam.config());
    return new Scene(this, file.embedding(), file.frame());
  }

  /**
   * A name of 32 digits for all that an embedding depends on: the image encoder's parameters and
   * the side of its input. A model whose decoder alone was tuned has the same, and can use the same
   * embeddings. The first call reads all those parameters.
   *
   * @throws IllegalStateException if the model was not loaded from a file, or is closed
   */
  public String fingerprint() {
    if (own.isEmpty()) {
      throw new IllegalStateException(
          "fingerprint: this model was not loaded from a file and may yet change; save and load it");
    }
    return pass(
        "fingerprint",
        0,
        () -> {
          synchronized (fingerprinting) {
            if (fingerprint.isEmpty()) {
              fingerprint = Fingerprint.of(own.get().at("image_encoder").all(), sam.config());
            }
            return fingerprint;
          }
        });
  }

  <T> T pass(String what, long need, Supplier<T> pass) {
    return passes.run(what, need, pass);
  }

  PassMemory memory() {
    return memory;
  }

  MedSamConfig config() {
    return sam.config();
  }

  /** Whether the parameters are a caller's, who may train them. */
  boolean mayChange() {
    return own.isEmpty();
  }

  // for passes alone
  Sam sam() {
    return sam;
  }

  /**
   * Closes the model: passes that run on other threads end as if nothing were, then the memory of a
   * loaded model is given back, and all that is asked of it or of its scenes from here on ends with
   * {@link ModelClosedException}. Closing twice does nothing more.
   */
  @Override
  public void close() {
    passes.close(
        () -> {
          if (!lent) {
            own.ifPresent(weights -> weights.all().forEach(p -> p.array().close()));
            NativeMemory.trim();
          }
        });
  }

  @Override
  public String toString() {
    return "Med" + sam.config();
  }
}
