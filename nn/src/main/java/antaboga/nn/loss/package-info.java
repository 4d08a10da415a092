// SPDX-License-Identifier: Apache-2.0
/**
 * Losses: small records that turn a prediction and a target into a scalar, and know nothing of
 * training loops.
 */
@NullMarked
package antaboga.nn.loss;

import org.jspecify.annotations.NullMarked;
