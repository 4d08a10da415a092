// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;

/** What was computed for a whole batch, divided as the batch is. */
record Halves(Tensor labelled, Tensor unlabelled) {
  /** Of (B, ...), the labelled images first. */
  static Halves of(Tensor all, MixedBatch batch) {
    long labelled = batch.mask().size(0);
    return new Halves(all.slice(0, 0, labelled), all.slice(0, labelled, all.size(0)));
  }

  /** The supervised term of a student's logits. */
  Tensor supervised(MixedBatch batch) {
    return Supervised.loss().of(labelled, batch.mask());
  }
}
