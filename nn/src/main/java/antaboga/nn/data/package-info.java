// SPDX-License-Identifier: Apache-2.0
/**
 * From folders of images and masks to batches. What a batch holds is a function of the seed and the
 * step; masks of unlabelled images are never opened.
 *
 * <pre>{@code
 * var folder = ImageFolder.open(Path.of("polyp"));
 * var labelled = folder.samples("train_labeled_10pct");
 * var unlabelled = folder.pictures("train", labelled);
 * var store = new ImageStore(256);
 * var data = new MixedBatches(labelled, 4, unlabelled, 4, store, Augment.weak());
 * MixedBatch batch = data.batch(step, seed);
 * }</pre>
 */
@NullMarked
package antaboga.nn.data;

import org.jspecify.annotations.NullMarked;
