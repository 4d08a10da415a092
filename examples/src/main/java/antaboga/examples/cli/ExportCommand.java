// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Failure;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Natives;
import antaboga.examples.run.Network;
import antaboga.examples.run.Output;
import antaboga.examples.run.Terminal;
import antaboga.io.OnnxGraph;
import antaboga.mamba.vision.UMamba;
import antaboga.mamba.vision.UltraLightUNet;
import antaboga.mamba.vision.VssUNet;
import antaboga.medsam.model.SamGraphs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga export FILE --out=FOLDER [OPTIONS]",
    header = "Write a teacher or a student as ONNX, for other runtimes.",
    description = {
      "",
      "Of a teacher: encoder.onnx, image (B, 3, s, s) in [0, 1] to embedding (B, C, g, g), and"
          + " decoder.onnx, embedding and boxes (K, 4), in pixels of that image, to masks, logits"
          + " (K, 1, 4g, 4g), and iou (K, 1). Of a student: student.onnx, image (B, 3, s, s) to"
          + " logits (B, 1, s, s). Operator set 17, parameters under their own names; how images"
          + " are prepared stands in the metadata.%n"
    },
    footerHeading = "%nExample:%n",
    footer = {"  antaboga export medsam_vit_b.pth --out onnx"})
final class ExportCommand implements Callable<Integer>, Commands.Speaking {
  private static final long ROOM = 64 << 20; // for tables of positions beside the parameters
  private static final String PREPARATION = "antaboga.preprocessing";

  @Parameters(paramLabel = "FILE", description = "A checkpoint of a teacher or a student.")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "Where the files go; each is written as a whole or not at all.")
  private Path out = Path.of("");

  @Option(
      names = "--alternatives",
      description = "For a teacher: the decoder gives SAM's alternative masks, not the single one.")
  private boolean alternatives;

  @Option(
      names = "--points",
      description =
          "For a teacher: the decoder takes points and a mask beside a box, one object at a time,"
              + " with the inputs of SAM's own export.")
  private boolean points;

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      description =
          "Side of the square images that the files are for (the model's own): a multiple of a"
              + " teacher's patch, of 32 for a student.")
  private @Nullable Integer size;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    if (size != null) {
      Arguments.positive("--size", size);
    }
    var model = ModelFile.open(file);
    if (size != null && model.isStudent()) {
      Arguments.studentSize("--size", size);
    }
    if (alternatives && model.isStudent()) {
      throw new Failure("a student has no alternative masks", "--alternatives", "leave it out");
    }
    if (points && model.isStudent()) {
      throw new Failure("a student takes no points", "--points", "leave it out");
    }
    if (!model.isTeacher()) {
      model.requireStudent();
    }
    Natives.prepare();
    var graphs = model.isTeacher() ? teacher(model) : student(model);
    Output.folder(out, 2 * Files.size(file) + ROOM);
    for (var graph : graphs.entrySet()) {
      var to = out.resolve(graph.getKey());
      var preparation = model.metadata().get(PREPARATION);
      if (preparation != null) {
        graph.getValue().note(PREPARATION, preparation);
      }
      graph.getValue().save(to);
      terminal.print("%s", to);
      terminal.say("%s, %,d bytes", graph.getValue(), Files.size(to));
    }
    return 0;
  }

  private Map<String, OnnxGraph> teacher(ModelFile model) {
    var sam = (size == null ? model.teacher() : model.teacher(size)).model();
    var graphs = new LinkedHashMap<String, OnnxGraph>();
    graphs.put("encoder.onnx", SamGraphs.encoder(sam));
    graphs.put(
        "decoder.onnx",
        points ? SamGraphs.promptDecoder(sam, alternatives) : SamGraphs.decoder(sam, alternatives));
    return graphs;
  }

  private Map<String, OnnxGraph> student(ModelFile model) {
    var student = model.student();
    int side = size == null ? student.size() : size;
    if (student.network() instanceof VssUNet net) {
      return Map.of("student.onnx", net.graph(side, side));
    }
    if (student.network() instanceof UMamba net) {
      return Map.of("student.onnx", net.graph(side, side));
    }
    if (student.network() instanceof UltraLightUNet net) {
      return Map.of("student.onnx", net.graph(side, side));
    }
    throw new Failure(
        "student of this kind has no form in ONNX yet",
        file,
        "give one of %s, %s, %s or %s"
            .formatted(
                Network.VSS_UNET_TINY,
                Network.U_MAMBA,
                Network.VM_UNET,
                Network.ULTRALIGHT_VM_UNET));
  }
}
