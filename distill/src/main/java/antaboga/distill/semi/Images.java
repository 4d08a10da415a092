// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;
import antaboga.nn.data.View;
import antaboga.nn.data.Warp;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Images of a step.
 *
 * @param tensor what a student sees, (B, C, H, W)
 * @param views how they lie
 * @param laid the same before they were varied, which is what a teacher sees
 * @param warp what leads from there to what the student sees
 */
record Images(Tensor tensor, List<View> views, Tensor laid, Warp warp) {
  /** The labelled images of a batch, then the unlabelled ones. */
  static Images all(MixedBatch batch) {
    var laid = batch.laid();
    return new Images(
        Tensor.concat(0, batch.labelled(), batch.unlabelled()),
        Stream.concat(batch.labelledViews().stream(), batch.unlabelledViews().stream()).toList(),
        Tensor.concat(0, laid.labelled(), laid.unlabelled()),
        laid.warp());
  }

  /** The labelled images of a batch. */
  static Images labelled(MixedBatch batch) {
    int count = (int) batch.labelled().size(0);
    var laid = batch.laid();
    return new Images(
        batch.labelled(), batch.labelledViews(), laid.labelled(), laid.warp().slice(0, count));
  }

  /** The unlabelled images of a batch. */
  static Images unlabelled(MixedBatch batch) {
    var laid = batch.laid();
    return new Images(
        batch.unlabelled(), batch.unlabelledViews(), laid.unlabelled(), laid.unlabelledWarp());
  }

  /** These images with noise: a function of their names, the seed and the draw. */
  Images perturbed(Perturbation perturbation, long seed, int draw) {
    int size = (int) tensor.size(-1);
    var delta = perturbation.delta(views, size, seed, draw);
    return new Images(tensor.add(warp.of(delta)), views, laid.add(delta), warp);
  }

  /** What a teacher says about them. */
  Embeddings.Maps embedded(Embeddings embeddings) throws IOException {
    return embeddings.of(laid, views).warped(warp);
  }
}
