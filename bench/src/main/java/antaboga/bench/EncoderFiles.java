// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.io.Checkpoint;
import antaboga.medsam.MedSam;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.SamGraphs;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes what {@link EncoderBenchmark} reads: one checkpoint, the same weights in ONNX for each
 * image size, and the embeddings that both engines must give.
 *
 * <pre>{@code
 * java -cp benchmarks.jar antaboga.bench.EncoderFiles FOLDER SIZES [CHECKPOINT]
 * }</pre>
 *
 * <p>SIZES as in {@code 256,1024}; sizes behind a colon, as in {@code 1024:2048}, get no ONNX file.
 * Without a checkpoint of one's own the weights are drawn at random, which costs as much time.
 */
public final class EncoderFiles {
  static final String CHECKPOINT = "sam.safetensors";
  static final String DECODER = "decoder.onnx";

  private EncoderFiles() {}

  static String encoder(int size) {
    return "encoder-" + size + ".onnx";
  }

  /** The embedding of an image of this size. */
  static Expected embedding(Path files, int size) {
    return new Expected(files.resolve("embedding-" + size + ".bin"));
  }

  /** An image of noise in [0, 1], (1, 3, size, size). */
  static float[] image(int size) {
    return Expected.images(1, size);
  }

  /** A box in pixels of 1024. */
  static float[] box() {
    return new float[] {250, 300, 700, 650};
  }

  /** Writes the files. */
  public static void main(String[] args) throws IOException {
    if (args.length < 2) {
      throw new IllegalArgumentException("expected FOLDER SIZES [CHECKPOINT]");
    }
    var folder = Files.createDirectories(Path.of(args[0]));
    var sam = args.length > 2 ? MedSam.load(Path.of(args[2])).model() : untrained(folder);
    if (args.length > 2) {
      Files.copy(Path.of(args[2]), folder.resolve(CHECKPOINT));
    }
    SamGraphs.decoder(sam, false).save(folder.resolve(DECODER));
    boolean graphs = true;
    for (var sizes : args[1].split(":", -1)) {
      for (var text : sizes.split(",", -1)) {
        int size = Integer.parseInt(text);
        if (graphs) {
          SamGraphs.encoder(sam, size, size).save(folder.resolve(encoder(size)));
        }
        var engine = new AntabogaEngine(folder, size, Runtime.getRuntime().availableProcessors());
        engine.encode();
        embedding(folder, size).write(engine.embedding());
      }
      graphs = false;
    }
  }

  private static Sam untrained(Path folder) throws IOException {
    var weights = Weights.init(1).frozen();
    var sam = new Sam(weights, MedSamConfig.vitB());
    Checkpoint.of(weights.arrays()).save(folder.resolve(CHECKPOINT));
    return sam;
  }
}
