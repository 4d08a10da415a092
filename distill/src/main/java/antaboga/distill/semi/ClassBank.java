// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Parameter;
import antaboga.nn.Init;
import antaboga.nn.Weights;
import java.util.Optional;

/**
 * The class statistics of labelled images, averaged over the steps of a training: each entry moves
 * a tenth of the way towards those of the batch. They are constants of the loss and are saved with
 * the weights, as buffers.
 */
public final class ClassBank {
  private static final double KEPT = 0.9;

  private record Entry(Parameter updates, Parameter mean, Parameter variance) {
    Entry(Weights w, long width) {
      this(
          w.buffer("updates", Init.zeros(), 1),
          w.buffer("mean", Init.zeros(), width),
          w.buffer("variance", Init.ones(), width));
    }

    void follow(ClassStatistics.Gaussian seen) {
      if (!seen.isSupported()) {
        return; // too few pixels of this class in the batch
      }
      double kept = isEmpty() ? 0 : KEPT;
      mean.assign(mean.array().mul(kept).add(seen.mean().array().mul(1 - kept)));
      variance.assign(variance.array().mul(kept).add(seen.variance().array().mul(1 - kept)));
      updates.assign(updates.array().add(1));
    }

    boolean isEmpty() {
      return updates.item() == 0;
    }

    ClassStatistics.Gaussian gaussian() {
      return new ClassStatistics.Gaussian(updates, mean, variance);
    }
  }

  private final Entry background;
  private final Entry lesion;

  /**
   * An empty bank.
   *
   * @param width D, the width of the features
   */
  public ClassBank(Weights w, long width) {
    this.background = new Entry(w.at("background"), width);
    this.lesion = new Entry(w.at("lesion"), width);
  }

  /** Moves the entries of the classes that the batch supports. */
  public void follow(ClassStatistics labelled) {
    background.follow(labelled.background());
    lesion.follow(labelled.lesion());
  }

  /** The averages, constants; empty until both classes were seen. */
  public Optional<ClassStatistics> statistics() {
    return background.isEmpty() || lesion.isEmpty()
        ? Optional.empty()
        : Optional.of(new ClassStatistics(background.gaussian(), lesion.gaussian()));
  }
}
