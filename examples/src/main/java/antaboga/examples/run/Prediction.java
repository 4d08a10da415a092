// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.Box;
import antaboga.medsam.Image;
import antaboga.medsam.MedSam;
import antaboga.medsam.Prompt;
import antaboga.medsam.Scene;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Upsampling;
import antaboga.nn.Segmenter;
import antaboga.nn.data.ImageHeader;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.Sample;
import antaboga.nn.metric.Connectivity;
import antaboga.nn.metric.Pair;
import antaboga.nn.metric.Region;
import antaboga.nn.metric.Scores;
import antaboga.ops.Resample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Masks at an image's own size: probabilities are enlarged between pixel centres, then held against
 * a threshold.
 */
public final class Prediction {
  private Prediction() {}

  /** What a student marks on an image. */
  public static Region student(Segmenter student, int size, Path image, double threshold)
      throws IOException {
    return student(student, new ImageStore(size), image, threshold);
  }

  static Region student(Segmenter student, ImageStore store, Path image, double threshold)
      throws IOException {
    var header = ImageHeader.read(image);
    var input = store.image(image);
    var probability =
        Tape.scoped(
            () ->
                student
                    .forward(input)
                    .sigmoid()
                    .resize(Resample.Rule.BILINEAR, header.height(), header.width()));
    return Region.above(probability.toFloats(), threshold, header.height(), header.width());
  }

  /** Scores a student on images with masks. */
  public static Scores student(Segmenter student, int size, List<Sample> samples, Terminal terminal)
      throws IOException {
    var scores = ScoreTables.begin();
    var store = new ImageStore(size);
    try (var progress = terminal.start("evaluation", samples.size(), 0)) {
      for (int i = 0; i < samples.size(); i++) {
        var sample = samples.get(i);
        scores.add(
            sample.name(), Pair.of(student(student, store, sample.image(), 0.5), sample.truth()));
        progress.at(i + 1, sample.name());
      }
    }
    return scores;
  }

  /** Scores a teacher that is given the box of every object of the true masks. */
  public static Scores teacher(MedSam teacher, List<Sample> samples, Terminal terminal)
      throws IOException {
    var scores = ScoreTables.begin();
    try (var progress = terminal.start("evaluation", samples.size(), 0)) {
      for (int i = 0; i < samples.size(); i++) {
        var sample = samples.get(i);
        scores.add(sample.name(), Pair.of(teacher(teacher, sample), sample.truth()));
        progress.at(i + 1, sample.name());
      }
    }
    return scores;
  }

  /** What a teacher marks within the boxes of all objects of the true mask. */
  public static Region teacher(MedSam teacher, Sample sample) throws IOException {
    return teacher(teacher.encode(Image.read(sample.image())), boxes(sample.truth()));
  }

  /** What a teacher marks on an image, for all prompts together. */
  static Region teacher(Scene scene, List<? extends Prompt> prompts) {
    var inside = new boolean[scene.height() * scene.width()];
    for (var prompt : prompts) {
      var mask = scene.segment(prompt).toBooleans();
      for (int i = 0; i < mask.length; i++) {
        inside[i] |= mask[i];
      }
    }
    return Region.of(inside, scene.height(), scene.width());
  }

  /** What a teacher marks in the boxes of a mask's objects, on an image that it has encoded. */
  static Region teacher(Sam sam, Tensor embedding, Region truth) {
    int height = truth.shape()[0];
    int width = truth.shape()[1];
    int input = sam.config().input();
    var inside = new boolean[height * width];
    for (var box : boxes(truth)) {
      var scaled = box.scaled((double) input / width, (double) input / height);
      var prompt = Prompts.boxes(Box.tensor(List.of(scaled)));
      var probability =
          Tape.scoped(
              () ->
                  Upsampling.probabilities(
                      sam.decode(embedding, prompt, false).logits(), height, width));
      var mask = probability.toFloats();
      for (int i = 0; i < inside.length; i++) {
        inside[i] |= mask[i] > 0.5f;
      }
    }
    return Region.of(inside, height, width);
  }

  private static List<Box> boxes(Region truth) {
    return truth.components(Connectivity.FULL).stream()
        .flatMap(part -> part.bounds().stream())
        .map(b -> new Box(b[2], b[0], Math.max(b[3], b[2] + 1), Math.max(b[1], b[0] + 1)))
        .toList();
  }
}
