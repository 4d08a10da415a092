// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.io.Checkpoint;
import antaboga.medsam.model.ImageEncoder;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

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
 * <p>A model never changes and may serve many threads at once. Source: Ma et al. 2024, Segment
 * Anything in Medical Images, Nature Communications 15, 654.
 */
public final class MedSam {
  private final Sam sam;

  private MedSam(Sam sam) {
    this.sam = sam;
  }

  /**
   * A model of the size that its parameters show, from {@code medsam_vit_b.pth}, a published SAM or
   * a safetensors file; names as in segment_anything or in Hugging Face's edition.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSam load(Path path) throws IOException {
    var checkpoint = Checkpoint.open(path).stateDict();
    var shapes = new LinkedHashMap<String, Shape>();
    samNames(checkpoint).forEach((name, own) -> shapes.put(name, checkpoint.shape(own)));
    MedSamConfig config;
    try {
      config = MedSamConfig.of(shapes);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IOException("%s: not a checkpoint of SAM: %s".formatted(path, e.getMessage()), e);
    }
    return load(path, checkpoint, config);
  }

  /**
   * A model of a known size from its checkpoint.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSam load(Path path, MedSamConfig config) throws IOException {
    return load(path, Checkpoint.open(path).stateDict(), config);
  }

  private static MedSam load(Path path, Checkpoint checkpoint, MedSamConfig config)
      throws IOException {
    var arrays = new LinkedHashMap<String, INDArray>();
    for (var entry : samNames(checkpoint).entrySet()) {
      arrays.put(entry.getKey(), checkpoint.get(entry.getValue()));
    }
    try {
      return new MedSam(Weights.load(arrays, w -> new Sam(w.frozen(), config)));
    } catch (IllegalStateException | ShapeException e) {
      throw new IOException(
          "%s: not a checkpoint of %s: %s".formatted(path, config, e.getMessage()), e);
    }
  }

  /** The checkpoint's own names by those of segment_anything. */
  private static Map<String, String> samNames(Checkpoint checkpoint) {
    boolean renamed = HuggingFaceNames.isUsedBy(checkpoint.names());
    var names = new LinkedHashMap<String, String>();
    for (var name : checkpoint.names()) {
      // Hugging Face's position matrix stands there twice
      names.putIfAbsent(renamed ? HuggingFaceNames.toSam(name) : name, name);
    }
    return names;
  }

  /** A model that is there already, such as one in training. */
  public static MedSam of(Sam sam) {
    return new MedSam(sam);
  }

  /** The model's parts. */
  public Sam model() {
    return sam;
  }

  /** The image encoder: (B, 3, H, W) to (B, 256, H/16, W/16). */
  public ImageEncoder imageEncoder() {
    return sam.imageEncoder();
  }

  /** Encodes an image, once for all of its boxes; an inference pass, even under a tape. */
  public Scene encode(Image image) {
    var prepared = image.prepared(sam.config().input());
    var embedding = Tape.paused(() -> sam.imageEncoder().forward(prepared));
    return new Scene(sam, embedding, image.height(), image.width());
  }

  @Override
  public String toString() {
    return "Med" + sam.config();
  }
}
