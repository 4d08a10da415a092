// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tape;
import antaboga.medsam.model.ImageEncoder;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import java.io.IOException;
import java.nio.file.Path;

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
    var checkpoint = SamCheckpoint.open(path);
    return load(checkpoint, checkpoint.config());
  }

  /**
   * A model of a known size from its checkpoint.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSam load(Path path, MedSamConfig config) throws IOException {
    return load(SamCheckpoint.open(path), config);
  }

  private static MedSam load(SamCheckpoint checkpoint, MedSamConfig config) throws IOException {
    return new MedSam(checkpoint.load(config, w -> new Sam(w.frozen(), config)));
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
