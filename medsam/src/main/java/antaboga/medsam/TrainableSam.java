// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model to be trained further, and its parameters by name.
 *
 * <pre>{@code
 * var start = TrainableSam.load(Path.of("medsam_vit_b.pth"), TrainedParts.DECODER);
 * var training = new MedSamTraining(start.sam());
 * var optimizer = new AdamW(AdamW.Config.of(1e-4), start.weights().trainable());
 * for (int step = 0; step < steps; step++) {
 *   training.step(images, boxes, masks, optimizer, 1e-4, step);
 * }
 * Checkpoint.of(start.weights().arrays()).save(Path.of("tuned.safetensors"));
 * }</pre>
 *
 * @param weights all parameters, of which those of the trained parts are trainable
 */
public record TrainableSam(Weights weights, Sam sam) {
  /**
   * The model of a file that {@link MedSam#load} takes.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static TrainableSam load(Path path, TrainedParts parts) throws IOException {
    var checkpoint = SamCheckpoint.open(path);
    var config = checkpoint.config();
    return checkpoint.load(config, w -> new TrainableSam(w, Sam.training(w, config, parts)));
  }

  /**
   * The sizes of a file's model, by its index alone.
   *
   * @throws IOException if the file is no checkpoint, or one of another model
   */
  public static MedSamConfig sizes(Path path) throws IOException {
    return SamCheckpoint.open(path).config();
  }

  /** This model with these parameters, trained in less memory: {@link Sam#recomputed}. */
  public TrainableSam recomputed() {
    return new TrainableSam(weights, sam.recomputed());
  }
}
