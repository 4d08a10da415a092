// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.model.Cells;
import antaboga.medsam.model.MaskDecoder;
import antaboga.medsam.model.Sam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An encoded image that answers prompts with masks. A value: it never changes, many threads may ask
 * it at once, and the same prompt gets the same bits from all of them.
 *
 * <pre>{@code
 * var liver = scene.segment(new Box(95, 255, 190, 350));
 * var better = scene.segment(liver.and(Point.off(120, 340)));
 * scene.write(Path.of("ct.scene.safetensors")); // medsam.scene(path) reads it again
 * }</pre>
 *
 * <p>Prompts and masks are in pixels of the original image. A scene asks its model: once that is
 * closed, it answers with {@link ModelClosedException}. There is nothing to close in a scene.
 */
public final class Scene {
  private final MedSam medsam;
  private final Tensor embedding;
  private final Frame frame;
  private volatile @Nullable Cells cells; // once asked for

  Scene(MedSam medsam, Tensor embedding, Frame frame) {
    this.medsam = medsam;
    this.embedding = embedding;
    this.frame = frame;
  }

  /** The number of rows of the original image. */
  public int height() {
    return frame.height();
  }

  /** The number of columns of the original image. */
  public int width() {
    return frame.width();
  }

  /** How the image was prepared. */
  public Preparation preparation() {
    return frame.preparation();
  }

  /** What the image encoder made of the image: (1, channels, g, g). */
  public Tensor embedding() {
    return embedding;
  }

  /**
   * The memory of its embedding, outside Java's heap: 4 MB of a ViT-B at 1024 pixels. A scene that
   * was asked keeps twice as much beside it, made ready for the next prompt.
   */
  public long bytes() {
    return embedding.shape().elements() * embedding.type().width();
  }

  /**
   * The mask of the object that a prompt points at, as the {@link Preparation} says.
   *
   * @throws IllegalArgumentException if a part of the prompt lies outside the image, or a mask in
   *     it has another size
   * @throws ModelClosedException if the model is closed
   * @throws MemoryBudgetException if the answer does not fit the model's {@link MemoryBudget}
   */
  public Mask segment(Prompt prompt) {
    return masks("segment", prompt, false).get(0);
  }

  /**
   * The mask of each prompt's object, in their order: the same as if asked one by one. Nothing is
   * computed unless all of them fit the image.
   *
   * @throws IllegalArgumentException as {@link #segment(Prompt)}
   */
  public List<Mask> segment(List<? extends Prompt> prompts) {
    prompts.forEach(prompt -> Mixture.of(prompt).within(height(), width()));
    return prompts.stream().map(this::segment).toList();
  }

  /**
   * The alternatives that SAM sees where a prompt may mean several things, such as a cell or its
   * nucleus; the one that it deems best comes first ({@link Mask#iou}). Ask for them after a single
   * point; a box says enough.
   *
   * @throws IllegalArgumentException as {@link #segment(Prompt)}
   */
  public List<Mask> alternatives(Prompt prompt) {
    return masks("alternatives", prompt, true).stream()
        .sorted(Comparator.comparingDouble(Mask::iou).reversed())
        .toList();
  }

  /**
   * The probability of each pixel to belong to the object that a prompt points at: (height, width).
   *
   * @throws IllegalArgumentException as {@link #segment(Prompt)}
   */
  public Tensor probability(Prompt prompt) {
    var all = Mixture.of(prompt).within(height(), width());
    return medsam.pass(
        "probability",
        medsam.memory().segmenting(height(), width(), 1),
        () ->
            Tape.scoped(
                () -> frame.probabilities(decode(all, false).logits()).reshape(height(), width())));
  }

  private List<Mask> masks(String what, Prompt prompt, boolean alternatives) {
    var all = Mixture.of(prompt).within(height(), width());
    int count = alternatives ? medsam.config().masks() : 1;
    return medsam.pass(
        what,
        medsam.memory().segmenting(height(), width(), count),
        () -> {
          var masks = new ArrayList<Mask>();
          Tape.scoped(
              () -> {
                var decoded = decode(all, alternatives);
                var scores = frame.scores(decoded.logits());
                var iou = decoded.iou().toDoubles();
                for (int i = 0; i < count; i++) {
                  masks.add(
                      Mask.above(
                          scores.index(1, i).toFloats(),
                          frame.threshold(),
                          height(),
                          width(),
                          iou[i],
                          decoded.logits().index(1, i).toFloats()));
                }
                return decoded.iou();
              });
          return masks;
        });
  }

  private MaskDecoder.Masks decode(Mixture prompt, boolean alternatives) {
    var sam = medsam.sam();
    var prompts = prompt.prompts(frame, sam.config().lowResolution(), embedding.type());
    return prompts.mask().isPresent()
        ? sam.decode(embedding, prompts, alternatives)
        : sam.decode(cells(sam), prompts, alternatives);
  }

  private Cells cells(Sam sam) {
    if (medsam.mayChange()) {
      return sam.cells(embedding);
    }
    var known = cells;
    if (known == null) {
      known = sam.cells(embedding).detach(); // two threads may do so at once, and find the same
      cells = known;
    }
    return known;
  }

  /**
   * Writes the embedding as safetensors, with the image's size and the model's {@link
   * MedSam#fingerprint}, as a whole or not at all; {@link MedSam#scene} reads it.
   *
   * @throws IOException naming the file, if it cannot be written
   * @throws IllegalStateException if the model was not loaded from a file, or is closed
   */
  public void write(Path path) throws IOException {
    new SceneFile(embedding, frame).write(path, medsam.fingerprint());
  }

  /** Whether that is the same embedding of the same model for an image that lies in it alike. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Scene that
        && medsam.equals(that.medsam)
        && frame.equals(that.frame)
        && Arrays.equals(embedding.toFloats(), that.embedding.toFloats());
  }

  @Override
  public int hashCode() {
    return 31 * frame.hashCode() + Arrays.hashCode(embedding.toFloats());
  }

  @Override
  public String toString() {
    return "Scene of %d x %d".formatted(width(), height());
  }
}
