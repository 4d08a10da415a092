// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Segmentation;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "segment",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga segment IMAGE... --checkpoint=FILE [OPTIONS]",
    header = "Write the mask of an image: by a student alone, or by a teacher and a box.",
    description = {
      "",
      "Writes NAME_mask.png (0 and 255, of the image's size) and, with --overlay, NAME_overlay.png."
          + "%n"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  antaboga segment a.png b.png --checkpoint student.safetensors --out masks",
      "  antaboga segment ct.png --checkpoint medsam_vit_b.pth --box 95,255,190,350"
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
    var corners = boxes.stream().map(SegmentCommand::corners).toList();
    new Segmentation(images, checkpoint, corners, out, threshold, overlay, terminal).run();
    return 0;
  }

  private static List<Double> corners(String text) {
    try {
      var corners = List.of(text.split("\\s*,\\s*")).stream().map(Double::valueOf).toList();
      if (corners.size() == 4
          && corners.get(0) < corners.get(2)
          && corners.get(1) < corners.get(3)) {
        return corners;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new WrongArgument(
        "--box", text, "no box", "give left,top,right,bottom in pixels, such as 10,20,90,80");
  }
}
