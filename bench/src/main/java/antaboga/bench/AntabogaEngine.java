// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.MedSam;
import antaboga.medsam.model.Cells;
import antaboga.medsam.model.Prompts;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** This library's engine, from a checkpoint. */
final class AntabogaEngine implements EncoderEngine {
  private final MedSam medsam;
  private final Tensor image;
  private final Tensor box;
  private Tensor embedding = Tensor.scalar(0);
  private Optional<Cells> cells = Optional.empty();

  AntabogaEngine(Path files, int size, int threads) throws IOException {
    System.setProperty("antaboga.threads", Integer.toString(threads)); // read once, at first use
    medsam = MedSam.load(files.resolve(EncoderFiles.CHECKPOINT));
    image = Tensor.of(EncoderFiles.image(size), 1, 3, size, size);
    box = Tensor.of(EncoderFiles.box(), 1, 4);
  }

  @Override
  public void encode() {
    embedding = Tape.paused(() -> medsam.imageEncoder().forward(image));
    cells = Optional.empty();
  }

  @Override
  public FloatBuffer embedding() {
    return FloatBuffer.wrap(embedding.toFloats());
  }

  @Override
  public void box() {
    var sam = medsam.model();
    var known = cells.orElseGet(() -> sam.cells(embedding).detach()); // as a Scene does
    cells = Optional.of(known);
    Tape.scoped(() -> sam.decode(known, Prompts.boxes(box), false).logits());
  }

  @Override
  public void close() {}
}
