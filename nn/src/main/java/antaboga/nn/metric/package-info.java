// SPDX-License-Identifier: Apache-2.0
/**
 * How well a predicted mask agrees with the truth: {@link antaboga.nn.metric.Metric}s of a {@link
 * antaboga.nn.metric.Pair} of {@link antaboga.nn.metric.Region}s, and statistics over many of them.
 *
 * <p>Libraries differ in what they call HD95 and in what they do with empty masks; every metric
 * here says its definition, and those of medpy, MONAI and DeepMind's surface distance can be
 * chosen.
 */
@NullMarked
package antaboga.nn.metric;

import org.jspecify.annotations.NullMarked;
