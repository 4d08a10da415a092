// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.examples.report.Overlay;
import antaboga.medsam.Box;
import antaboga.medsam.MemoryBudget;
import antaboga.medsam.Point;
import antaboga.medsam.Preparation;
import antaboga.medsam.Prompt;
import antaboga.nn.data.Images;
import antaboga.nn.metric.Region;
import java.awt.geom.Rectangle2D;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Writes the masks of images. */
public final class Segmentation {
  private final List<Path> images;
  private final Path checkpoint;
  private final Asked asked;
  private final Path out;
  private final double threshold;
  private final boolean overlay;
  private final Terminal terminal;
  private long room = 1 << 20;

  /**
   * What a teacher is asked, and how.
   *
   * @param boxes one for each object; or the box of the one object that points tell of
   * @param points of one object
   * @param preparation of the images
   * @param scenes folder of encoded images, for the next time
   * @param budget of the teacher's memory
   */
  public record Asked(
      List<Box> boxes,
      List<Point> points,
      Preparation preparation,
      Optional<Path> scenes,
      MemoryBudget budget) {
    /** Keeps copies. */
    public Asked {
      boxes = List.copyOf(boxes);
      points = List.copyOf(points);
    }

    private boolean isEmpty() {
      return boxes.isEmpty() && points.isEmpty();
    }

    private List<Prompt> prompts() {
      var object = Stream.<Prompt>concat(boxes.stream(), points.stream());
      return points.isEmpty()
          ? List.copyOf(boxes)
          : List.of(object.reduce(Prompt::and).orElseThrow());
    }
  }

  /** What to segment. */
  public Segmentation(
      List<Path> images,
      Path checkpoint,
      Asked asked,
      Path out,
      double threshold,
      boolean overlay,
      Terminal terminal) {
    this.images = images;
    this.checkpoint = checkpoint;
    this.asked = asked;
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
    if (model.isStudent() && !asked.isEmpty()) {
      throw new Failure(
          "a student takes no %s".formatted(asked.boxes().isEmpty() ? "point" : "box"),
          asked.boxes().isEmpty() ? "--point" : "--box",
          "leave it out, or give the checkpoint of a teacher");
    }
    if (!model.isTeacher()) {
      model.requireStudent();
    }
    if (model.isTeacher() && asked.isEmpty()) {
      throw new Failure(
          "a teacher needs a box or a point", "--box", "add --box left,top,right,bottom in pixels");
    }
    if (asked.boxes().size() > 1 && !asked.points().isEmpty()) {
      throw new Failure(
          "points tell of one object, %d boxes of as many".formatted(asked.boxes().size()),
          "--point",
          "give one box, or segment the objects one after the other");
    }
    Output.folder(out, room);
    Natives.prepare();
    if (model.isStudent()) {
      var student = model.student();
      for (var image : images) {
        write(image, Prediction.student(student.segmenter(), student.size(), image, threshold));
      }
    } else {
      try (var teacher = model.teacher(asked.budget())) {
        var scenes = new Scenes(teacher, asked.preparation(), asked.scenes());
        for (var image : images) {
          write(image, Prediction.teacher(scenes.of(image), asked.prompts()));
        }
      }
    }
  }

  private void check(Path image) throws IOException {
    var header = Images.check(image);
    room += (overlay ? 4L : 1L) * header.width() * header.height();
    try {
      asked.boxes().forEach(box -> box.within(header.height(), header.width()));
      asked.points().forEach(point -> point.within(header.height(), header.width()));
    } catch (IllegalArgumentException e) {
      throw new Failure(String.valueOf(e.getMessage()), image, "give corners within it", e);
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
    return asked.boxes().stream()
        .<Rectangle2D>map(b -> new Rectangle2D.Double(b.x0(), b.y0(), b.width(), b.height()))
        .toList();
  }

  private static int area(Region mask) {
    return mask.shape()[0] * mask.shape()[1];
  }
}
