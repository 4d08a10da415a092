// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.semi.PseudoLabels;
import antaboga.distill.semi.Students;
import antaboga.medsam.Box;
import antaboga.medsam.MedSam;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import antaboga.ops.Resample;
import java.nio.file.Path;
import java.util.List;

/**
 * A frozen teacher, as students meet it: by its embeddings, computed once, and by its masks of
 * boxes.
 *
 * @param teacher the model
 * @param fingerprint of its file: embeddings are kept under this name
 * @param cache the folder of the embeddings
 */
public record Guide(MedSam teacher, String fingerprint, Path cache) {
  /** A teacher that was never trained: what remains of a method with it, no teacher has taught. */
  public static Guide untrained(MedSamConfig sizes, long seed, Path cache) {
    var teacher = MedSam.of(new Sam(Weights.init(seed).frozen(), sizes));
    var name = "untrained-%08x-%d".formatted(sizes.toString().hashCode(), seed);
    return new Guide(teacher, name, cache);
  }

  /** Its embeddings of images of a size, pooled to the grids of these taps of the student. */
  Embeddings embeddings(Students students, int size, List<String> taps) {
    var encoder = teacher.imageEncoder();
    var model = teacher.model().config();
    var sides =
        taps.stream()
            .map(students.current()::tap)
            .map(tap -> Math.min(model.grid(), size / tap.stride()))
            .distinct()
            .toList();
    for (int side : sides) {
      if (model.grid() % side != 0) {
        throw new Failure(
            "the student's map of %d x %d positions does not divide the teacher's %d x %d"
                .formatted(side, side, model.grid(), model.grid()),
            taps,
            "take a teacher of %d px, or other taps".formatted(size));
      }
    }
    Layer seeing = x -> encoder.forward(atInput(x));
    return new Embeddings(
        Embeddings.Config.of(cache, fingerprint, model.channels(), sides), seeing);
  }

  private Tensor atInput(Tensor image) {
    int input = teacher.model().config().input();
    return image.size(-1) == input ? image : image.resize(Resample.Rule.BILINEAR, input, input);
  }

  /** What it takes a box to hold: image (1, 3, H, W), probabilities (1, 1, H, W). */
  Tensor probability(Tensor image, PseudoLabels.Box box) {
    var sam = teacher.model();
    int height = (int) image.size(2);
    int width = (int) image.size(3);
    double down = (double) sam.config().input() / height;
    double across = (double) sam.config().input() / width;
    var prompt = new Box(box.x0(), box.y0(), box.x1(), box.y1()).scaled(across, down);
    var embedding = sam.imageEncoder().forward(atInput(image));
    var masks = sam.decode(embedding, Prompts.boxes(Box.tensor(List.of(prompt))), false);
    return masks.logits().sigmoid().resize(Resample.Rule.BILINEAR, height, width);
  }
}
