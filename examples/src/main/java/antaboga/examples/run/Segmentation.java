// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.examples.report.Overlay;
import antaboga.medsam.Box;
import antaboga.nn.data.Images;
import antaboga.nn.metric.Region;
import java.awt.geom.Rectangle2D;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import javax.imageio.ImageIO;

/** Writes the masks of images. */
public final class Segmentation {
  private final List<Path> images;
  private final Path checkpoint;
  private final List<List<Double>> boxes;
  private final Path out;
  private final double threshold;
  private final boolean overlay;
  private final Terminal terminal;
  private long room = 1 << 20;

  /** What to segment; boxes are left, top, right, bottom. */
  public Segmentation(
      List<Path> images,
      Path checkpoint,
      List<List<Double>> boxes,
      Path out,
      double threshold,
      boolean overlay,
      Terminal terminal) {
    this.images = images;
    this.checkpoint = checkpoint;
    this.boxes = boxes;
    this.out = out;
    this.threshold = threshold;
    this.overlay = overlay;
    this.terminal = terminal;
  }

  /**
   * Checks everything that is given, then segments.
   *
   * @throws IOException if an image cannot be decoded
   */
  public void run() throws IOException {
    for (var image : images) {
      check(image);
    }
    checkNames();
    var model = ModelFile.open(checkpoint);
    if (model.isStudent() && !boxes.isEmpty()) {
      throw new Failure(
          "a student takes no box", "--box", "leave it out, or give the checkpoint of a teacher");
    }
    if (!model.isTeacher()) {
      model.requireStudent();
    }
    if (model.isTeacher() && boxes.isEmpty()) {
      throw new Failure(
          "a teacher needs a box", "--box", "add --box left,top,right,bottom in pixels");
    }
    Output.folder(out, room);
    Natives.prepare();
    if (model.isStudent()) {
      var student = model.student();
      for (var image : images) {
        write(image, Prediction.student(student.segmenter(), student.size(), image, threshold));
      }
    } else {
      var teacher = model.teacher();
      var prompts =
          boxes.stream().map(b -> new Box(b.get(0), b.get(1), b.get(2), b.get(3))).toList();
      for (var image : images) {
        write(image, Prediction.teacher(teacher, image, prompts));
      }
    }
  }

  private void check(Path image) throws IOException {
    var header = Images.check(image);
    room += (overlay ? 4L : 1L) * header.width() * header.height();
    for (var box : boxes) {
      if (box.get(2) > header.width()
          || box.get(3) > header.height()
          || box.get(0) < 0
          || box.get(1) < 0) {
        throw new Failure(
            "box %s reaches beyond the image of %d x %d pixels"
                .formatted(box, header.width(), header.height()),
            image,
            "give corners within it");
      }
    }
  }

  private void checkNames() {
    var taken = new HashMap<String, Path>();
    for (var image : images) {
      var other = taken.putIfAbsent(stem(image), image);
      if (other != null) {
        throw new Failure(
            "two images would write %s_mask.png".formatted(stem(image)),
            other + " and " + image,
            "segment them one after the other, each with its own --out");
      }
    }
  }

  private static String stem(Path image) {
    return String.valueOf(image.getFileName()).replaceFirst("\\.[^.]*$", "");
  }

  private void write(Path image, Region mask) throws IOException {
    var file = out.resolve(stem(image) + "_mask.png");
    Images.writeMask(file, mask);
    terminal.print("%s: %d of %d pixels marked", file, mask.count(), area(mask));
    if (overlay) {
      var bytes = new ByteArrayOutputStream();
      var shown = Overlay.asked(Pictures.read(image), Pictures.of(mask), rectangles());
      ImageIO.write(shown, "png", bytes);
      var over = out.resolve(stem(image) + "_overlay.png");
      Output.write(over, bytes.toByteArray());
      terminal.print("%s", over);
    }
  }

  private List<Rectangle2D> rectangles() {
    return boxes.stream()
        .<Rectangle2D>map(
            b ->
                new Rectangle2D.Double(
                    b.get(0), b.get(1), b.get(2) - b.get(0), b.get(3) - b.get(1)))
        .toList();
  }

  private static int area(Region mask) {
    return mask.shape()[0] * mask.shape()[1];
  }
}
