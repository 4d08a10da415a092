// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Segmentation;
import antaboga.examples.run.Terminal;
import antaboga.medsam.Box;
import antaboga.medsam.MemoryBudget;
import antaboga.medsam.Point;
import antaboga.medsam.Preparation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "segment",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga segment IMAGE... --checkpoint=FILE [OPTIONS]",
    header = "Write the mask of an image: by a student alone, or by a teacher and a box or points.",
    description = {
      "",
      "Writes NAME_mask.png (0 and 255, of the image's size) and, with --overlay, NAME_overlay.png."
          + "%n"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  antaboga segment a.png b.png --checkpoint student.safetensors --out masks",
      "  antaboga segment ct.png --checkpoint medsam_vit_b.pth --box 95,255,190,350",
      "  antaboga segment ct.png --checkpoint medsam_vit_b.pth --point 140,300 --not 180,260 \\",
      "    --embeddings cache --memory 1500"
    })
final class SegmentCommand implements Callable<Integer>, Commands.Speaking {
  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "PNG, JPEG, TIFF, BMP or GIF.")
  private List<Path> images = List.of();

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "Student or teacher: .safetensors of this program, or medsam_vit_b.pth.")
  private Path checkpoint = Path.of("");

  @Option(
      names = "--box",
      paramLabel = "X0,Y0,X1,Y1",
      description = "For a teacher: corners in pixels of the image. May be given several times.")
  private List<String> boxes = new ArrayList<>();

  @Option(
      names = "--point",
      paramLabel = "X,Y",
      description =
          "For a teacher: a pixel of the object, instead of its box or beside it. May be given"
              + " several times.")
  private List<String> points = new ArrayList<>();

  @Option(
      names = "--not",
      paramLabel = "X,Y",
      description = "For a teacher: a pixel beside the object. May be given several times.")
  private List<String> beside = new ArrayList<>();

  @Option(
      names = "--preparation",
      paramLabel = "HOW",
      defaultValue = "MEDSAM",
      description = "For a teacher: how images are prepared, medsam or sam (for SAM's own files).")
  private Preparation preparation = Preparation.MEDSAM;

  @Option(
      names = "--embeddings",
      paramLabel = "FOLDER",
      description =
          "For a teacher: where encoded images are kept, so that the next prompt on one of them"
              + " is answered at once.")
  private @Nullable Path embeddings;

  @Option(
      names = "--memory",
      paramLabel = "MB",
      description =
          "For a teacher: the most that it may take outside Java's heap; what would need more is"
              + " refused.")
  private @Nullable Long memory;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "Where the masks go (the current folder).")
  private Path out = Path.of(".");

  @Option(
      names = "--threshold",
      paramLabel = "P",
      defaultValue = "0.5",
      description = "For a student: probability from which a pixel is marked (${DEFAULT-VALUE}).")
  private double threshold;

  @Option(names = "--overlay", description = "Also write the image with the mask upon it.")
  private boolean overlay;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    Arguments.share("--threshold", threshold);
    if (memory != null) {
      Arguments.positive("--memory", memory);
    }
    var positions = new ArrayList<Point>();
    points.forEach(text -> positions.add(point("--point", text, true)));
    beside.forEach(text -> positions.add(point("--not", text, false)));
    var asked =
        new Segmentation.Asked(
            boxes.stream().map(SegmentCommand::box).toList(),
            positions,
            preparation,
            Optional.ofNullable(embeddings),
            memory == null ? MemoryBudget.unlimited() : MemoryBudget.megabytes(memory));
    new Segmentation(images, checkpoint, asked, out, threshold, overlay, terminal).run();
    return 0;
  }

  private static Point point(String option, String text, boolean onObject) {
    var remedy = "give x,y in pixels, such as 40,65";
    var at = numbers(option, text, 2, "no point", remedy);
    return made(option, text, remedy, () -> new Point(at.get(0), at.get(1), onObject));
  }

  private static Box box(String text) {
    var remedy = "give left,top,right,bottom in pixels, such as 10,20,90,80";
    var sides = numbers("--box", text, 4, "no box", remedy);
    return made(
        "--box",
        text,
        remedy,
        () -> new Box(sides.get(0), sides.get(1), sides.get(2), sides.get(3)));
  }

  // a box that is inverted or empty says so itself
  private static <T> T made(String option, String text, String remedy, Supplier<T> prompt) {
    try {
      return prompt.get();
    } catch (IllegalArgumentException e) {
      throw new WrongArgument(option, text, String.valueOf(e.getMessage()), remedy);
    }
  }

  private static List<Double> numbers(
      String option, String text, int count, String problem, String remedy) {
    try {
      var numbers = List.of(text.split("\\s*,\\s*")).stream().map(Double::valueOf).toList();
      if (numbers.size() == count) {
        return numbers;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new WrongArgument(option, text, problem, remedy);
  }
}
