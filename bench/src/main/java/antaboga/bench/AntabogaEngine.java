// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.MedSam;
import antaboga.medsam.model.Prompts;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** This library's engine, from a checkpoint. */
final class AntabogaEngine implements EncoderEngine {
  private final MedSam medsam;
  private final Tensor image;
  private final Tensor box;
  private Tensor embedding = Tensor.scalar(0);

  AntabogaEngine(Path files, int size, int threads) throws IOException {
    System.setProperty("antaboga.threads", Integer.toString(threads)); // read once, at first use
    medsam = MedSam.load(files.resolve(EncoderFiles.CHECKPOINT));
    image = Tensor.of(EncoderFiles.image(size), 1, 3, size, size);
    box = Tensor.of(EncoderFiles.box(), 1, 4);
  }

  @Override
  public void encode() {
    embedding = Tape.paused(() -> medsam.imageEncoder().forward(image));
  }

  @Override
  public FloatBuffer embedding() {
    return FloatBuffer.wrap(embedding.toFloats());
  }

  @Override
  public void box() {
    Tape.scoped(() -> medsam.model().decode(embedding, Prompts.boxes(box), false).logits());
  }

  @Override
  public void close() {}
}
